/**
 * How children end: by pidfd, and without descriptors for it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { waitFor, whenEnded } from "../../lib/sys/children.ts";
import {
  closeDescriptor,
  doNotBlock,
  openNull,
  pipe,
  readNow,
} from "../../lib/sys/descriptors.ts";
import { spawn } from "../../lib/sys/spawn.ts";
import { output, until } from "../support/peers.ts";

/** A helper thread may end a moment later than the test that made it wait. */
const childTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });

/** Exit 111, for an end that the system does not tell. */
const unknownStatus = 111 << 8;

const nothing = openNull();

/** The input is descriptor 3 too: a background job's stdin is another. */
const sh = (script: string, input = nothing, output = nothing) =>
  spawn({
    path: "/bin/sh",
    args: ["sh", "-c", script],
    env: ["PATH=/usr/bin:/bin"],
    descriptors: [[input, 0], [output, 1], [input, 3]],
  });

/** The process that a script says by its number. */
async function said(
  script: string,
  input = nothing,
): Promise<{ pid: number; other: number }> {
  const { read, write } = pipe();
  doNotBlock(read);
  const pid = sh(script, input, write);
  closeDescriptor(write);
  let text = "";
  await until("the number is said", () => {
    text += new TextDecoder().decode(readNow(read, 20));
    return text.endsWith("\n");
  });
  closeDescriptor(read);
  return { pid, other: Number(text) };
}

/** R, S, Z and the like; undefined when there is no such process. */
function state(pid: number): string | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")")).split(" ")[1];
  } catch {
    return undefined;
  }
}

/** How many descriptors of this process stand for another one. */
function pidDescriptors(pid: number): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fdinfo")) {
    try {
      const info = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
      if (info.includes(`\nPid:\t${pid}\n`)) count++;
    } catch {
      // It was the folder's own.
    }
  }
  return count;
}

childTest("the status is what waitpid says", async () => {
  const scripts: [string, number][] = [
    ["exit 0", 0],
    ["exit 1", 1 << 8],
    ["exit 100", 100 << 8],
    ["exit 111", 111 << 8],
    ["exit 255", 255 << 8],
    ["kill -HUP $$", 1],
    ["kill -KILL $$", 9],
    ["kill -TERM $$", 15],
  ];
  for (const [script, status] of scripts) {
    assertEquals(await waitFor(sh(script)), status, script);
  }
});

childTest("200 that end at once are each told once, by itself", async () => {
  const { read, write } = pipe();
  const told: number[][] = Array.from({ length: 200 }, () => []);
  for (const [i, statuses] of told.entries()) {
    const pid = sh(`read line; exit ${i}`, read);
    whenEnded(pid, (status) => statuses.push(status));
  }
  closeDescriptor(read);
  closeDescriptor(write);
  await until("all have ended", () => told.every(({ length }) => length > 0));
  assertEquals(told, told.map((_, i) => [i << 8]));
});

childTest("one that ended before it was asked for is told too", async () => {
  const pid = sh("exit 3");
  await until("it has ended", () => state(pid) === "Z");
  assertEquals(await waitFor(pid), 3 << 8);
  assertEquals(state(pid), undefined, "it is collected");
});

childTest("another may be started when one has ended", async () => {
  const statuses: number[] = [];
  const next = () =>
    whenEnded(sh(`exit ${statuses.length}`), (status) => {
      statuses.push(status >> 8);
      if (statuses.length < 10) next();
    });
  next();
  await until("all have ended", () => statuses.length === 10);
  assertEquals(statuses, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

childTest("no descriptor is left of a child", async () => {
  const { read, write } = pipe();
  const pid = sh("read line", read);
  closeDescriptor(read);
  const status = waitFor(pid);
  assertEquals(pidDescriptors(pid), 1);
  closeDescriptor(write);
  await status;
  assertEquals(pidDescriptors(pid), 0);
});

childTest("other children of the process are left alone", async () => {
  const PR_SET_CHILD_SUBREAPER = 36;
  const { symbols: { prctl } } = Deno.dlopen("libc.so.6", {
    prctl: {
      parameters: ["i32", "usize", "usize", "usize", "usize"],
      result: "i32",
    },
  });
  const adopt = (on: bigint) =>
    assertEquals(prctl(PR_SET_CHILD_SUBREAPER, on, 0n, 0n, 0n), 0);
  const { read, write } = pipe();
  adopt(1n);
  const script = "(read line <&3; exit 7) & echo $!";
  const { pid, other: orphan } = await said(script, read);
  assertEquals(await waitFor(pid), 0);
  adopt(0n);
  closeDescriptor(read);
  closeDescriptor(write);
  await until("the orphan has ended", () => state(orphan) === "Z");
  for (let i = 0; i < 5; i++) await waitFor(sh("true"));
  const command = new Deno.Command("/bin/sh", { args: ["-c", "exit 5"] });
  const child = command.spawn();
  for (let i = 0; i < 5; i++) await waitFor(sh("true"));
  assertEquals((await child.status).code, 5, "the runtime's own");
  assertEquals(state(orphan), "Z", "nobody has collected it");
  assertEquals(await waitFor(orphan), 7 << 8);
});

childTest("an end that the system does not tell is a failure", async () => {
  const pid = sh("true");
  assertEquals(await waitFor(pid), 0);
  assertEquals(await waitFor(pid), unknownStatus, "it is collected already");
  const script = "sleep 0.1 & echo $!; wait";
  const { pid: parent, other: grandchild } = await said(script);
  assertEquals(await waitFor(grandchild), unknownStatus, "it is not ours");
  assertEquals(await waitFor(parent), 0);
});

for (const free of [0, 1]) {
  childTest(
    `with ${free} free descriptors a child's end is told all the same`,
    async () => {
      const program = `
      import { waitFor } from "./lib/sys/children.ts";
      import { closeDescriptor, openNull } from "./lib/sys/descriptors.ts";
      import { spawn } from "./lib/sys/spawn.ts";
      const pids = [3, 4, 5].map((code) => spawn({
        path: "/bin/sh",
        args: ["sh", "-c", "exit " + code],
        env: [],
        descriptors: [],
      }));
      const made = [];
      try { for (;;) made.push(openNull()); } catch { /* all are taken */ }
      const count = () => {
        const more = [];
        try { for (;;) more.push(openNull()); } catch { /* no more */ }
        more.forEach(closeDescriptor);
        return more.length;
      };
      for (let i = 0; i < ${free}; i++) closeDescriptor(made.pop());
      const statuses = await Promise.all(pids.map(waitFor));
      console.log(...statuses.map((status) => status >> 8), "free", count());`;
      const { stdout, stderr } = await output("/bin/sh", [
        "-c",
        'ulimit -n 80; exec "$0" run -A --no-check --unstable-net --ext=ts -',
        Deno.execPath(),
      ], {
        stdin: program,
        cwd: fileURLToPath(new URL("../..", import.meta.url)),
      });
      assertEquals(stdout, `3 4 5 free ${free}\n`, stderr);
    },
  );
}

childTest("a child that is not waited for keeps its status", async () => {
  const pid = sh("exit 9");
  await until("it has ended", () => state(pid) === "Z");
  await waitFor(sh("true"));
  assert(state(pid) === "Z");
  assertEquals(await waitFor(pid), 9 << 8);
});
