#!/usr/bin/env gjs
// SPDX-License-Identifier: LGPL-2.1-or-later
// A pool of commands from GJS: the main loop goes on while they run, and workers can be watched.
imports.gi.versions.Mp = '1';
const {Gio, GLib, Mp} = imports.gi;

Gio._promisify(Mp.AsyncResult.prototype, 'get_async', 'get_finish');

const commands = [
    ['echo', 'one'],
    ['sh', '-c', 'echo no >&2; exit 3'],
    ['sh', '-c', 'kill -9 $$'],
    ['sleep', '60'],
    ['no-such-program'],
];

function text(variant) {
    return JSON.stringify(new TextDecoder().decode(variant.get_data_as_bytes().toArray()));
}

async function run(pool, argv) {
    const command = Mp.Command.new(argv);
    command.set_timeout(500000);
    try {
        const result = await pool.apply_async('mp_command', command.to_variant()).get_async(null);
        const outcome = result.deepUnpack();
        const code = outcome['exit-status'] ?? outcome['signal'];
        return [argv[0], outcome['end'].deepUnpack(), code.deepUnpack(), text(outcome['stdout']),
            text(outcome['stderr'])].join(' ');
    } catch (error) {
        // It begins with the name of the worker, whichever that was.
        return `${argv[0]} error: ${error.message.replace(/^\S+: /, '')}`;
    }
}

async function main(loop) {
    const pool = Mp.Pool.new(null, 2);
    pool.start();
    const runs = commands.map(argv => run(pool, argv));
    print('workers:', pool.describe_workers().recursiveUnpack().map(worker => worker.name));
    for (const line of await Promise.all(runs))
        print(line);
    pool.close();
    pool.join(-1);
    print('done:', pool.get_stats().done);
    loop.quit();
}

const loop = GLib.MainLoop.new(null, false);
main(loop).catch(error => {
    logError(error);
    imports.system.exit(1);
});
loop.run();
