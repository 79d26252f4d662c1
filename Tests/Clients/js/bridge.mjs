// Drives published client libraries for the tests: one JSON command to a line on stdin, one JSON answer or event to a line on
// stdout. A client is a page of Chromium (pages/NAME.js) or a module of Node (node/NAME.mjs); what it exports may be called.
//
//   {"id":1,"open":"sdk","page":"decart46"}            -> {"id":1,"ok":true,"value":null}
//   {"id":2,"call":"sdk","fn":"connect","args":[...]}  -> {"id":2,"ok":false,"error":{"name":"Error","message":"...","code":"..."}}
//   (at any time)                                      -> {"event":"connectionChange","from":"sdk","value":"connected"}

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const flags = [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
];
const clients = new Map();
const bundles = new Map();
let browser;
let site;

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const plain = (error) => ({ name: error?.name ?? 'Error', message: String(error?.message ?? error), code: error?.code ?? null, status: error?.status ?? null });

function bundle(page) {
    if (!bundles.has(page)) {
        bundles.set(page, build({
            entryPoints: [join(here, 'pages', `${page}.js`)], bundle: true, write: false, format: 'iife', globalName: 'client', platform: 'browser', target: 'chrome120', logLevel: 'error',
        }).then((result) => result.outputFiles[0].text));
    }
    return bundles.get(page);
}

// A page from loopback is a secure context: the camera needs no TLS.
function serve() {
    site ??= new Promise((resolve) => {
        const server = createServer(async (request, response) => {
            const name = request.url.slice(1).replace(/\..*/, '');
            if (request.url.endsWith('.js')) {
                response.setHeader('content-type', 'text/javascript');
                response.end(await bundle(name));
            } else {
                response.setHeader('content-type', 'text/html');
                response.end(`<!doctype html><meta charset="utf-8"><title>${name}</title><script src="/${name}.js"></script>`);
            }
        });
        server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
    });
    return site;
}

async function openPage(name, page) {
    browser ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags, headless: true });
    const context = await (await browser).newContext({ ignoreHTTPSErrors: true, permissions: ['camera', 'microphone'] });
    const tab = await context.newPage();
    tab.on('console', (message) => process.stderr.write(`[${name}] ${message.type()} ${message.text()}\n`));
    tab.on('pageerror', (error) => process.stderr.write(`[${name}] ${error}\n`));
    await tab.exposeFunction('emitEvent', (event, value) => say({ event, from: name, value: value ?? null }));
    await bundle(page);
    await tab.goto(`${await serve()}/${page}.html`);
    return {
        call: (fn, args) => tab.evaluate(async ([fn, args]) => {
            try {
                return { ok: true, value: (await client[fn](...args)) ?? null };
            } catch (error) {
                return { ok: false, error: { name: error?.name ?? 'Error', message: String(error?.message ?? error), code: error?.code ?? null, status: null } };
            }
        }, [fn, args]),
        close: () => context.close(),
    };
}

async function openModule(name, module) {
    const exports = await import(`./node/${module}.mjs`);
    exports.start?.((event, value) => say({ event, from: name, value: value ?? null }));
    return {
        call: async (fn, args) => {
            try {
                return { ok: true, value: (await exports[fn](...args)) ?? null };
            } catch (error) {
                return { ok: false, error: plain(error) };
            }
        },
        close: async () => {},
    };
}

async function perform(command) {
    if (command.open) {
        clients.set(command.open, command.page ? await openPage(command.open, command.page) : await openModule(command.open, command.module));
        return { ok: true, value: null };
    }
    if (command.close) {
        await clients.get(command.close)?.close();
        clients.delete(command.close);
        return { ok: true, value: null };
    }
    if (command.versions) {
        const { name, version } = JSON.parse(await readFile(join(here, 'node_modules', command.versions, 'package.json')));
        return { ok: true, value: { name, version, Chromium: (await browser)?.version(), Node: process.versions.node } };
    }
    return clients.get(command.call).call(command.fn, command.args ?? []);
}

for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    // Not one after the other: a call may wait for what a later one brings about.
    perform(command).catch((error) => ({ ok: false, error: plain(error) })).then((answer) => say({ id: command.id, ...answer }));
}

await (await browser)?.close();
process.exit(0);
