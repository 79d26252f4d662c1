// What every page with media needs: a camera that is none, and whether pictures arrive.

/** A stream of the browser's own test picture. Asking for it also makes candidates hold addresses instead of names. */
export const camera = () => navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 }, audio: true });

/** Done with the width and height of a picture once that many have come. */
export function pictures(stream, count) {
    const video = document.createElement('video');
    Object.assign(video, { srcObject: stream, muted: true, autoplay: true, playsInline: true });
    document.body.append(video);
    video.play().catch(() => {});
    return new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`${count} pictures never came; the track is ${stream.getVideoTracks()[0]?.readyState}`)), 20_000);
        let seen = 0;
        const look = () => {
            if (++seen < count)
                return video.requestVideoFrameCallback(look);
            clearTimeout(patience);
            resolve({ width: video.videoWidth, height: video.videoHeight });
        };
        video.requestVideoFrameCallback(look);
    });
}
