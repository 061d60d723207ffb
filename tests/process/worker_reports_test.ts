/**
 * What the supervisor believes of a worker's reports: numbers, and nothing
 * else.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { WorkerReports } from "../../lib/process/worker_reports.ts";
import { closeDescriptor, pipe, writeNow } from "../../lib/sys/descriptors.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";
import { output, until } from "../support/peers.ts";
import { isOpen } from "../gate/desk.ts";
import { nameOf } from "../support/socket_pair.ts";

/** A helper thread may end a moment later than the test that made it wait. */
const processTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });

/** A worker's pipe, and what is believed of what comes through it. */
function worker() {
  const { read, write } = pipe();
  const told: (number | "ready")[] = [];
  const unwatched = eventLoop.watched;
  const reports = new WorkerReports(read, {
    ready: () => told.push("ready"),
    active: (count) => told.push(count),
  });
  let isWriting = true;
  return {
    told,
    reports,
    read,
    write,
    isWatched: () => eventLoop.watched > unwatched,
    report: (text: string) => writeNow(write, toBytes(text)),
    end: () => {
      if (isWriting) closeDescriptor(write);
      isWriting = false;
    },
    [Symbol.dispose]() {
      if (isWriting) closeDescriptor(write);
      reports.close();
    },
  };
}

/** Resolves when the loop has told what there is to tell. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((over) => eventLoop.defer(over));
  }
}

processTest("a worker is ready, then tells how many it holds", async () => {
  using w = worker();
  w.report("ready\n0\n");
  await until("it is ready", () => w.told.length > 0);
  assertEquals(w.told, ["ready"]);
  w.report("1\n");
  await until("it holds one", () => w.told.length === 2);
  w.report("2\n0\n");
  await until("it holds none", () => w.told.length === 3);
  assertEquals(w.told, ["ready", 1, 0], "what is past is not told");
});

processTest("a number that stays the same is no news", async () => {
  using w = worker();
  for (const report of ["5\n", "5\n", "4\n5\n", "6\n"]) {
    w.report(report);
    await settled();
  }
  assertEquals(w.told, [5, 6]);
});

processTest("a line may come in pieces", async () => {
  using w = worker();
  for (const piece of ["rea", "dy", "\n1", "2", "3\n4", "5\n"]) {
    w.report(piece);
    await settled();
  }
  assertEquals(w.told, ["ready", 123, 45]);
});

processTest("garbage is not believed, and what is behind it is", async () => {
  const garbage = [
    "",
    "-1",
    "+1",
    "1.5",
    "1e3",
    " 1",
    "1 ",
    "1\r",
    "0x10",
    "1234567890", // more than anybody can hold
    "ready ",
    "READY",
    "readyready",
    "\x00\xff",
    "9".repeat(20),
    "x".repeat(10_000) + "5",
    "9".repeat(3000) + "ready",
  ];
  for (const line of garbage) {
    using w = worker();
    w.report(`${line}\n7\n`);
    await until("the last is told", () => w.told.includes(7));
    assertEquals(w.told, [7], line.slice(0, 20));
  }
});

processTest(
  "a line that never ends is not remembered, however it comes",
  async () => {
    using w = worker();
    for (let i = 0; i < 100; i++) {
      w.report("1".repeat(4000));
      await settled();
    }
    w.report("\n3\n");
    await until("the last is told", () => w.told.length > 0);
    assertEquals(w.told, [3]);
  },
);

processTest("many reports at once are read to the last", async () => {
  using w = worker();
  let text = "";
  for (let i = 1; i <= 9000; i++) text += `${i}\n`;
  assertEquals(text.length < 65536, true, "a pipe takes all of it");
  w.report(text);
  await until("the last is told", () => w.told.at(-1) === 9000);
});

processTest("a worker that has gone is watched no more", async () => {
  using w = worker();
  w.report("ready\n3\nhalf a li");
  w.end();
  await until("its end is seen", () => !w.isWatched());
  assertEquals(w.told, ["ready", 3]);
});

processTest(
  "closing gives the descriptor back, and nothing is told any more",
  async () => {
    for (const hasEnded of [false, true]) {
      const w = worker();
      const name = nameOf(w.read);
      if (hasEnded) {
        w.end();
        await until("its end is seen", () => !w.isWatched());
      } else w.report("1\n");
      // The pipe's other end has the same name.
      if (!hasEnded) w.end();
      w.reports.close();
      assertEquals([isOpen(name), w.isWatched()], [false, false]);
      await settled();
      assertEquals(w.told, []);
    }
  },
);

processTest("somebody else who holds the pipe keeps nobody", async () => {
  const w = worker();
  // A grandchild that outlives the worker, say, and says no more.
  const holder = new Deno.Command("/bin/sh", {
    args: ["-c", `exec 9>/proc/${Deno.pid}/fd/${w.write}; echo; exec sleep 30`],
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  w.report("2\n");
  w.end();
  await until("the report is read", () => w.told.length === 1);
  await settled();
  assertEquals(w.isWatched(), true, "its end is not there");
  w.reports.close();
  assertEquals(w.isWatched(), false);
  await settled();
  assertEquals(w.told, [2]);
  await reader.cancel();
  holder.kill("SIGKILL");
  await holder.status;
});

processTest("reports of a real process are read", async () => {
  using w = worker();
  const script = `exec 1>/proc/${Deno.pid}/fd/${w.write}
    echo ready; echo 1; echo 2; echo nonsense; echo 3`;
  assertEquals((await output("/bin/sh", ["-c", script])).code, 0);
  await until("the last is told", () => w.told.at(-1) === 3);
  assertEquals(w.told[0], "ready");
});
