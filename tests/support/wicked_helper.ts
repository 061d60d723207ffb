/**
 * A helper for tests, executed by itself, that does what a question says.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { Answering } from "../../lib/helper/answering.ts";
import type { Answerer } from "../../lib/helper/question.ts";
import { channelDescriptor, type Started } from "../../lib/helper/role.ts";
import { closeDescriptor, openNull } from "../../lib/sys/descriptors.ts";
import { restrain } from "../../lib/sys/restraint.ts";
import { socketPair } from "../../lib/sys/socket_pair.ts";
import { spawn } from "../../lib/sys/spawn.ts";

const path = fileURLToPath(import.meta.url);

/** How often one was started. */
export let starts = 0;

/** Executes this file. */
export function startWicked(): Started {
  starts++;
  const { ours, theirs } = socketPair();
  const nothing = openNull();
  const pid = spawn({
    path: Deno.execPath(),
    args: ["deno", "run", "-A", "--no-check", "--quiet", path],
    env: Object.entries(Deno.env.toObject()).map((each) => each.join("=")),
    descriptors: [
      ...[0, 1, 2].map((fd) => [nothing, fd] as const),
      [theirs, channelDescriptor],
    ],
  });
  closeDescriptor(nothing);
  closeDescriptor(theirs);
  return { pid, channel: ours };
}

function failure(act: () => unknown): string {
  try {
    return `no failure, but ${act()}`;
  } catch (error) {
    return String(error);
  }
}

const answer: Answerer = async (question, call, hurry) => {
  const [verb, rest = ""] = fromBytes(question).split(" ");
  switch (verb) {
    case "spin":
      for (;;);
    case "hog": {
      const all: Uint8Array[] = [];
      for (;;) all.push(new Uint8Array(1 << 20).fill(1));
    }
    // falls through: never
    case "exit":
      Deno.exit(3);
    // falls through: never
    case "fail":
      throw new Error(rest);
    case "call":
      return await call(toBytes(rest));
    case "calls":
      return toBytes(
        (await Promise.all(
          Array.from({ length: Number(rest) }, (_, i) => call(toBytes(`${i}`))),
        )).map(fromBytes).join(","),
      );
    case "wait":
      return await call(toBytes(rest)).catch(() =>
        toBytes(`hurried ${hurry.aborted}`)
      );
    case "long":
      return new Uint8Array(Number(rest));
    case "state":
      return toBytes(
        JSON.stringify({
          uid: Deno.uid(),
          write: failure(() => Deno.writeTextFileSync("/dev/shm/wicked", "x")),
          limits: Deno.readTextFileSync("/proc/self/limits"),
          nice: Deno.readTextFileSync("/proc/self/stat").split(") ")[1]
            .split(" ")[16],
          pid: Deno.pid,
        }),
      );
    default:
      return question;
  }
};

if (import.meta.main) {
  restrain({ memoryBytes: 256 << 20, descriptors: [channelDescriptor] });
  new Answering(channelDescriptor, answer, 600, () => Deno.exit(0));
}
