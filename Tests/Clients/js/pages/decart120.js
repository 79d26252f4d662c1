// @decartai/sdk 0.1.20, pointed elsewhere by its own option.
import { createDecartClient, models } from 'decart120';
import { camera } from './media.js';

let realtime;

/** Shows what is dialled: the control socket and the media server's. */
export function watch() {
    window.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
            super(url, protocols);
            window.emitEvent('dialling', String(url));
            this.addEventListener('close', (event) => window.emitEvent('closed', { url: String(url), code: event.code, reason: event.reason }));
        }
    };
}

/** Connects; without a media server behind the room this ends with an error. */
export async function connect(apiKey, base, model, options) {
    realtime = await createDecartClient({ apiKey, realtimeBaseUrl: base, telemetry: false }).realtime.connect(await camera(), {
        model: models.realtime(model), onRemoteStream: () => {}, ...options,
        onQueuePosition: (place) => window.emitEvent('queuePosition', place), onConnectionChange: (state) => window.emitEvent('connectionChange', state),
    });
}
