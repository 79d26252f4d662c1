// openai in Node: its REST calls, and its WebSocket, which takes no listener without TLS.
import { createServer } from 'node:tls';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

const sockets = new Map();
let tell;
let client;

export const start = (emit) => { tell = emit; };

/** A TLS edge in front of a port; answers its own. */
export const edge = (key, cert, port) => new Promise((resolve) => {
    const server = createServer({ key, cert }, (outer) => {
        const inner = connect(port, '127.0.0.1');
        outer.on('error', () => inner.destroy());
        inner.on('error', () => outer.destroy());
        outer.pipe(inner).pipe(outer);
    });
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

export const use = (apiKey, baseURL) => { client = new OpenAI({ apiKey, baseURL, maxRetries: 0 }); };
export const mint = (body) => client.realtime.clientSecrets.create(body);
export const hangup = async (id) => { await client.realtime.calls.hangup(id); };
export const accept = async (id, body) => { await client.realtime.calls.accept(id, body); };
export const reject = async (id, body) => { await client.realtime.calls.reject(id, body); };
export const refer = async (id, body) => { await client.realtime.calls.refer(id, body); };

export async function call(body) {
    const response = await client.realtime.calls.create(body);
    return { status: response.status, location: response.headers.get('location'), type: response.headers.get('content-type'), sdp: await response.text() };
}

/** Opens a session of a model, or joins a call. */
export function open(name, props, apiKey, baseURL) {
    const realtime = new OpenAIRealtimeWS({ ...props, options: { rejectUnauthorized: false } }, new OpenAI({ apiKey, baseURL }));
    sockets.set(name, realtime);
    realtime.on('event', (event) => tell('event', { name, event }));
    realtime.on('error', (error) => tell('error', { name, message: error.message }));
    realtime.socket.on('close', (code, reason) => tell('closed', { name, code, reason: String(reason) }));
}

export const send = (name, event) => sockets.get(name).send(event);
export const close = (name) => sockets.get(name).close();
