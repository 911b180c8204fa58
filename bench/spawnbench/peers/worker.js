// SPDX-License-Identifier: BSD-3-Clause
//
// The worker of spawnbench for Node: child_process.spawnSync with inherited files. The
// protocol is described in bench/INTERNALS.md. Node itself makes descriptors 3 and 4
// close-on-exec when it starts.
"use strict";
const fs = require("fs");
const { spawnSync } = require("child_process");

const COLD = 5; // the first starts of a request are made but not counted
const argv = process.argv.slice(2);

function fail(text) {
	fs.writeSync(2, `node: ${text}\n`);
	process.exit(1);
}

if (argv.length === 0)
	fail("usage: worker.js program [argument]...");
const stdinIsFile = fs.fstatSync(0).isFile();

// Node cannot seek. Where standard input is a file, each start gets it opened anew.
function spawn() {
	const stdin = stdinIsFile ? fs.openSync("/proc/self/fd/0", "r") : "inherit";
	const begin = process.hrtime.bigint();
	const r = spawnSync(argv[0], argv.slice(1), { stdio: [stdin, "inherit", "inherit"] });
	const ns = process.hrtime.bigint() - begin;
	if (stdinIsFile)
		fs.closeSync(stdin);
	if (r.error)
		fail(String(r.error));
	if (r.status !== 0)
		fail(`the program ended with ${r.signal || r.status}`);
	return ns;
}

function usage(before, after, n) {
	const per = (name) => (after[name] - before[name]) / n;
	const user = per("userCPUTime");
	return [
		`vol-switches/op=${per("voluntaryContextSwitches").toFixed(4)}`,
		`invol-switches/op=${per("involuntaryContextSwitches").toFixed(4)}`,
		`faults/op=${per("minorPageFault").toFixed(3)}`,
		`user-us/op=${user.toFixed(3)}`,
		`cpu-us/op=${(user + per("systemCPUTime")).toFixed(3)}`,
	];
}

function serve(count) {
	const words = [];
	let before = process.resourceUsage();
	for (let i = 0; i < count; i++) {
		if (i === COLD)
			before = process.resourceUsage();
		words.push(spawn());
	}
	if (count > COLD)
		words.push(...usage(before, process.resourceUsage(), count - COLD));
	fs.writeSync(4, words.join(" ") + "\n");
}

let text = "";
const buffer = Buffer.alloc(4096);
for (let n = fs.readSync(3, buffer); n > 0; n = fs.readSync(3, buffer)) {
	text += buffer.toString("latin1", 0, n);
	const lines = text.split("\n");
	text = lines.pop();
	for (const line of lines)
		serve(Number(line.split(" ")[1]));
}
