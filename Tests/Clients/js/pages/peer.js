// The provider's media node: an ordinary peer connection that answers offers with a moving picture of its own.
import { camera, pictures } from './media.js';

const peers = new Map();

function moving() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
    const paper = canvas.getContext('2d');
    let hue = 0;
    setInterval(() => {
        paper.fillStyle = `hsl(${(hue += 7) % 360} 80% 50%)`;
        paper.fillRect(0, 0, canvas.width, canvas.height);
    }, 40);
    return canvas.captureStream(25);
}

/** Answers an offer; candidates follow as events, null last. */
export async function answer(name, sdp) {
    await camera();
    peers.get(name)?.pc.close();
    const pc = new RTCPeerConnection();
    const peer = { pc, remote: new Promise((resolve) => { pc.ontrack = (event) => event.track.kind === 'video' && resolve(event.streams[0] ?? new MediaStream([event.track])); }) };
    peers.set(name, peer);
    pc.onicecandidate = (event) => window.emitEvent('candidate', { name, candidate: event.candidate?.toJSON() ?? null });
    pc.ondatachannel = ({ channel }) => {
        peer.channel = channel;
        channel.onmessage = (event) => window.emitEvent('message', { name, text: event.data });
        channel.onopen = () => window.emitEvent('channel', { name, label: channel.label });
    };
    await pc.setRemoteDescription({ type: 'offer', sdp });
    if (/^m=video/m.test(sdp)) {
        const stream = moving();
        stream.getTracks().forEach((track) => pc.addTrack(track, stream));
    }
    await pc.setLocalDescription(await pc.createAnswer());
    return pc.localDescription.sdp;
}

/** The answer with every candidate in it, for those who get no others. */
export async function answerWhole(name, sdp) {
    await answer(name, sdp);
    const { pc } = peers.get(name);
    await new Promise((resolve) => {
        const look = () => pc.iceGatheringState === 'complete' && resolve();
        pc.addEventListener('icegatheringstatechange', look);
        look();
    });
    return pc.localDescription.sdp;
}

/** Takes a candidate of the client. */
export const candidate = (name, candidate) => peers.get(name).pc.addIceCandidate(candidate ?? undefined);

/** Done once that many pictures of the client's camera have come. */
export const seen = async (name, count) => pictures(await peers.get(name).remote, count);

/** Says something on the client's data channel. */
export const say = (name, text) => peers.get(name).channel.send(text);

/** Leaves. */
export const leave = (name) => peers.get(name)?.pc.close();
