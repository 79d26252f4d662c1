// openai in a browser: the WebRTC helper, whose SDP this application posts itself, and the WebSocket, which brings its key as a subprotocol.
import OpenAI from 'openai';
import { OpenAIRealtimeWebRTC } from 'openai/realtime/webrtc';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';

let realtime;
let socket;

/** Connects with the microphone; answers once the data channel is open. */
export async function connect(calls, bearer) {
    realtime = new OpenAIRealtimeWebRTC();
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    microphone.getTracks().forEach((track) => realtime.peerConnection.addTrack(track, microphone));
    realtime.onEvent((event) => window.emitEvent('event', event));
    await realtime.connect({
        timeoutMs: 30_000,
        exchangeSdp: async (offer, { signal }) => {
            const response = await fetch(calls, { method: 'POST', headers: { 'content-type': 'application/sdp', authorization: `Bearer ${bearer}` }, body: offer, signal });
            window.emitEvent('answered', { status: response.status, location: response.headers.get('Location') });
            if (!response.ok)
                throw new Error(`${response.status} ${await response.text()}`);
            return response.text();
        },
    });
}

export const send = (event) => realtime.send(event);
export const close = () => realtime.close();

/** Opens a session of a model on a WebSocket. */
export function open(model, apiKey, baseURL) {
    socket = new OpenAIRealtimeWebSocket({ model, dangerouslyAllowBrowser: true }, new OpenAI({ apiKey, baseURL, dangerouslyAllowBrowser: true }));
    socket.on('event', (event) => window.emitEvent('event', event));
    socket.on('error', (error) => window.emitEvent('error', error.message));
    socket.socket.addEventListener('open', () => window.emitEvent('open', socket.socket.protocol));
    socket.socket.addEventListener('close', (event) => window.emitEvent('closed', { code: event.code, reason: event.reason }));
}

export const say = (event) => socket.send(event);
