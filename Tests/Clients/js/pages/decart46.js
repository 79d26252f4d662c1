// @decartai/sdk 0.0.46, which knows one host: a WebSocket that goes elsewhere is all that is changed around it.
import { createDecartClient, models } from 'decart46';
import { camera, pictures } from './media.js';

let realtime;
let remote;
const arrived = new Promise((resolve) => { remote = resolve; });

/** Sends whatever is meant for the provider's host to that one. */
export function pointAt(base) {
    window.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
            super(String(url).replace('wss://api3.decart.ai', base), protocols);
            window.emitEvent('opening', performance.now());
            this.addEventListener('message', (event) => window.emitEvent('frame', event.data));
            this.addEventListener('close', (event) => window.emitEvent('closed', { code: event.code, reason: event.reason }));
        }
    };
}

/** Connects with the camera; answers once media flows. */
export async function connect(apiKey, model, prompt) {
    const stream = await camera();
    realtime = await createDecartClient({ apiKey }).realtime.connect(stream, {
        model: models.realtime(model), onRemoteStream: remote, initialState: prompt ? { prompt: { text: prompt, enhance: false } } : undefined,
    });
    for (const event of ['connectionChange', 'error'])
        realtime.on(event, (value) => window.emitEvent(event, value?.message ?? value));
    return state();
}

export const state = () => ({ connection: realtime.getConnectionState(), sessionId: realtime.sessionId, subscribeToken: realtime.subscribeToken });
export const setPrompt = (text, options) => realtime.setPrompt(text, options);
export const setImage = (image, options) => realtime.setImage(image, options);
export const disconnect = () => realtime.disconnect();
export const seen = async (count) => pictures(await arrived, count);
