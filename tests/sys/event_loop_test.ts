/**
 * The event loop by itself.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  closeDescriptor,
  pipe,
  writeNow,
  writeSome,
} from "../../lib/sys/descriptors.ts";
import { EPOLLIN, EPOLLOUT } from "../../lib/sys/epoll.ts";
import { EventLoop } from "../../lib/sys/event_loop.ts";
import { createFile } from "../../lib/sys/files.ts";
import { inFolder, output, until } from "../support/peers.ts";
import { receive, replace, send, unixPair } from "../support/socket_pair.ts";

const byte = new Uint8Array(1);

/** A helper thread may end a moment later than the test that made it wait. */
const loopTest = (name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });

/** Longer than a batch of events, shorter than the loop's rest. */
const soonMs = 4000;

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

/** Runs a program of its own until nothing keeps it. */
async function runs(program: string, says: string, before = ""): Promise<void> {
  const { stdout, stderr } = await output("/bin/sh", [
    "-c",
    `${before} exec "$0" run -A --no-check --unstable-net --ext=ts -`,
    Deno.execPath(),
  ], { stdin: program, cwd: fileURLToPath(new URL("../..", import.meta.url)) });
  assertEquals(stdout, says, stderr);
}

/** Resolves when a loop has told what there is to tell. */
async function settled(loop: EventLoop): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((over) => loop.defer(over));
  }
}

/** A loop, and the descriptors that a test opens for it. */
function world() {
  const loop = new EventLoop();
  const open = new Set<number>();
  const keep = (fd: number) => (open.add(fd), fd);
  return {
    loop,
    pipe() {
      const { read, write } = pipe();
      return { read: keep(read), write: keep(write) };
    },
    pair() {
      const { ours, peer } = unixPair();
      return { ours: keep(ours), peer: keep(peer) };
    },
    [Symbol.dispose]() {
      for (const fd of open) {
        loop.remove(fd);
        closeDescriptor(fd);
      }
    },
  };
}

loopTest("add, change and remove decide what is told", async () => {
  using w = world();
  const { ours, peer } = w.pair();
  const told: number[] = [];
  w.loop.add(ours, EPOLLIN, { ready: (events) => told.push(events) });
  assertEquals(w.loop.watched, 1);
  await settled(w.loop);
  assertEquals(told, [], "nothing to read");
  send(peer, byte);
  await until("the byte is told", () => told.length > 0);
  assertEquals(told[0], EPOLLIN);
  receive(ours, 10);
  await settled(w.loop);
  told.length = 0;
  w.loop.change(ours, EPOLLOUT);
  await until("the room is told", () => told.length > 0);
  assert(told.every((events) => events === EPOLLOUT));
  w.loop.change(ours, EPOLLIN);
  await settled(w.loop);
  told.length = 0;
  send(peer, byte);
  w.loop.remove(ours);
  w.loop.remove(ours); // is nothing
  assertEquals(w.loop.watched, 0);
  await settled(w.loop);
  assertEquals(told, []);
});

loopTest(
  "what cannot be watched is an error, and changes nothing",
  () =>
    inFolder(async (folder) => {
      using w = world();
      const { read, write } = w.pipe();
      const file = createFile(`${folder}/file`, 0o600);
      const nobody = { ready: () => {} };
      assertThrows(() => w.loop.add(file, EPOLLIN, nobody), Error, "EPERM");
      assertThrows(() => w.loop.add(99999, EPOLLIN, nobody), Error, "EBADF");
      closeDescriptor(file);
      assertEquals(w.loop.watched, 0);
      let told = 0;
      w.loop.add(read, EPOLLIN, {
        ready: () => {
          told++;
          w.loop.remove(read);
        },
      });
      assertThrows(() => w.loop.add(read, EPOLLIN, nobody), Error, "EEXIST");
      assertEquals(w.loop.watched, 1);
      writeNow(write, byte);
      await until("the first watcher is told", () => told > 0);
    }),
);

loopTest("an event of a closed descriptor is not its successor's", async () => {
  using w = world();
  const pipes = Array.from({ length: 20 }, () => w.pipe());
  const wrong: string[] = [];
  let first: number | undefined;
  const successor = (fd: number) => ({
    ready: () => wrong.push(`the successor of ${fd}`),
  });
  const replaceAllBut = (own: number) => {
    first = own;
    for (const { read } of pipes) {
      if (read === own) continue;
      const { ours } = w.pair(); // without any bytes
      w.loop.remove(read);
      replace(read, ours);
      if (read % 2) w.loop.add(read, EPOLLIN, successor(read));
    }
  };
  for (const { read } of pipes) {
    w.loop.add(read, EPOLLIN, {
      ready() {
        if (first === undefined) replaceAllBut(read);
        else if (first !== read) wrong.push(`the predecessor, ${read}`);
        w.loop.remove(read);
      },
    });
  }
  for (const { write } of pipes) writeNow(write, byte); // one batch for all
  await until("a batch is told", () => first !== undefined);
  await settled(w.loop);
  assertEquals(wrong, []);
});

loopTest("a successor is told of what is its own", async () => {
  using w = world();
  const { read, write } = w.pipe();
  const { ours, peer } = w.pair();
  const told: string[] = [];
  w.loop.add(read, EPOLLIN, {
    ready() {
      told.push("first");
      w.loop.remove(read);
      replace(read, ours);
      w.loop.add(read, EPOLLIN, {
        ready() {
          told.push("second");
          w.loop.remove(read);
        },
      });
      send(peer, byte);
    },
  });
  writeNow(write, byte);
  await until("both are told", () => told.length === 2);
  assertEquals(told, ["first", "second"]);
});

loopTest("a watcher's error is told once, and the others go on", async () => {
  using w = world();
  const errors: unknown[] = [];
  w.loop.onError = (error) => errors.push(error);
  const broken = w.pipe(), sound = w.pipe(), withdrawn = w.pipe();
  let told = 0;
  w.loop.add(broken.read, EPOLLIN, {
    ready() {
      throw "broken";
    },
  });
  w.loop.add(withdrawn.read, EPOLLIN, {
    ready() {
      w.loop.remove(withdrawn.read);
      throw "withdrawn";
    },
  });
  w.loop.add(sound.read, EPOLLIN, { ready: () => told++ });
  for (const { write } of [broken, sound, withdrawn]) writeNow(write, byte);
  await until("the sound one is told", () => told > 100);
  assertEquals(errors.sort(), ["broken", "withdrawn"]);
  assertEquals(w.loop.watched, 1);
});

loopTest(
  "an error that nobody takes ends neither the loop nor a batch",
  async () => {
    using w = world();
    const seen: string[] = [];
    const listener = (event: ErrorEvent) => {
      event.preventDefault();
      seen.push(event.error);
    };
    addEventListener("error", listener);
    try {
      let called = 0;
      w.loop.defer(() => {
        throw "deferred";
      });
      w.loop.defer(() => called++);
      await settled(w.loop);
      assertEquals([called, seen], [1, ["deferred"]]);
      const { read, write } = w.pipe();
      w.loop.add(read, EPOLLIN, {
        ready() {
          throw "watcher";
        },
      });
      writeNow(write, byte);
      await until("it is told", () => seen.length === 2);
      await settled(w.loop);
      assertEquals(seen, ["deferred", "watcher"]);
    } finally {
      removeEventListener("error", listener);
    }
  },
);

loopTest("defer() wakes a loop that waits on its helper thread", async () => {
  using w = world();
  w.loop.add(w.pipe().read, EPOLLIN, { ready: () => {} });
  for (let i = 0; i < 3; i++) {
    await pause(30); // it waits by now
    const called = new Promise((resolve) =>
      w.loop.defer(() => resolve("called"))
    );
    let timer;
    const late = new Promise((over) => timer = setTimeout(over, soonMs));
    assertEquals(await Promise.race([called, late]), "called");
    clearTimeout(timer);
  }
});

loopTest("a loop that was woken rests again", async () => {
  using w = world();
  w.loop.add(w.pipe().read, EPOLLIN, { ready: () => {} });
  await pause(30);
  for (let i = 0; i < 3; i++) await settled(w.loop);
  await pause(30);
  const { count } = w.loop.turns;
  await pause(50);
  assert(w.loop.turns.count <= count + 1, `${w.loop.turns.count} turns`);
});

loopTest("close() closes, and what is told of it is over", async () => {
  using w = world();
  const open = Array.from({ length: 10 }, () => pipe());
  let told = 0;
  for (const { read } of open) {
    w.loop.add(read, EPOLLIN, {
      ready() {
        told++;
        for (const { read } of open) w.loop.close(read);
      },
    });
  }
  for (const { write } of open) writeNow(write, byte);
  await until("one is told", () => told > 0);
  await settled(w.loop);
  assertEquals([told, w.loop.watched], [1, 0]);
  for (const { write } of open) assertEquals(writeSome(write, byte), "gone");
  for (const { write } of open) closeDescriptor(write);
});

loopTest("defer() needs no descriptor, and calls in order", async () => {
  const loop = new EventLoop();
  const called: number[] = [];
  loop.defer(() => {
    loop.defer(() => called.push(3));
    called.push(1);
  });
  loop.defer(() => called.push(2));
  assertEquals(called, [], "not before whoever asks has come to its end");
  await settled(loop);
  assertEquals(called, [1, 2, 3]);
});

loopTest("deferred work and descriptors do not starve each other", async () => {
  using w = world();
  const { read, write } = w.pipe();
  writeNow(write, byte); // and never read: always ready
  let told = 0, deferred = 0;
  w.loop.add(read, EPOLLIN, { ready: () => told++ });
  const again = () => {
    if (++deferred < 5000) w.loop.defer(again);
  };
  w.loop.defer(again);
  await until("the last is called", () => deferred === 5000);
  assert(told >= 1000, `${told} events beside 5000 deferred calls`);
});

loopTest(
  "100 descriptors that are always ready leave the runtime its turn",
  async () => {
    using w = world();
    const most = 5_000_000; // starved, the test would never end
    const told = new Array<number>(100).fill(0);
    let all = 0;
    for (let i = 0; i < told.length; i++) {
      const { read, write } = w.pipe();
      writeNow(write, byte);
      w.loop.add(read, EPOLLIN, {
        ready() {
          told[i]++;
          if (++all > most) w.loop.remove(read);
        },
      });
    }
    let heard = 0;
    const listener = () => heard++;
    Deno.addSignalListener("SIGUSR2", listener);
    try {
      for (let round = 1; round <= 5; round++) {
        await pause(0);
        for (let i = 0; i < 100; i++) await undefined;
        Deno.kill(Deno.pid, "SIGUSR2");
        await until("the signal is heard", () => heard >= round);
        await Deno.stat("/"); // a helper thread of the runtime's own
      }
    } finally {
      Deno.removeSignalListener("SIGUSR2", listener);
    }
    assert(all <= most, "starved");
    assertEquals(told.filter((count) => count === 0).length, 0, `${told}`);
  },
);

loopTest(
  "turns are measured, with what came while the loop rested",
  async () => {
    using w = world();
    const { read, write } = w.pipe();
    w.loop.add(read, EPOLLIN, {
      ready() {
        const end = performance.now() + 30;
        while (performance.now() < end);
        w.loop.remove(read);
      },
    });
    await pause(30);
    writeNow(write, byte);
    await until("it is told", () => w.loop.watched === 0);
    await until("it is measured", () => w.loop.turns.longestMs >= 30);
  },
);

loopTest("a loop without work ends, and starts again", async () => {
  const program = `
    import { pipe, writeNow } from "./lib/sys/descriptors.ts";
    import { EPOLLIN } from "./lib/sys/epoll.ts";
    import { EventLoop } from "./lib/sys/event_loop.ts";
    const pause = (ms) => new Promise((over) => setTimeout(over, ms));
    const loop = new EventLoop();
    const { read, write } = pipe();
    writeNow(write, new Uint8Array(1));
    for (let i = 0; i < 3; i++) {
      // Once the last is removed in its turn, and once while the loop waits.
      await new Promise((told) =>
        loop.add(read, EPOLLIN, { ready() { loop.remove(read); told(); } })
      );
      if (i === 1) await pause(30);
      const other = pipe();
      loop.add(other.read, EPOLLIN, { ready() {} });
      await pause(30);
      loop.remove(other.read);
      if (i === 1) await pause(30);
      await new Promise((called) => loop.defer(called));
    }
    const last = pipe();
    loop.add(last.read, EPOLLIN, { ready() {} });
    setTimeout(() => {
      loop.close(last.read);
      console.log("done");
      Deno.unrefTimer(setTimeout(() => console.log("too late"), ${soonMs}));
    }, 30);`;
  await runs(program, "done\n");
});

loopTest("without a descriptor for the bell the loop goes on", async () => {
  const program = `
    import { pipe, writeNow } from "./lib/sys/descriptors.ts";
    import { EPOLLIN } from "./lib/sys/epoll.ts";
    import { eventLoop } from "./lib/sys/event_loop.ts";
    const { read, write } = pipe();
    let told = 0;
    eventLoop.add(read, EPOLLIN, { ready() { told++; eventLoop.remove(read); } });
    await new Promise((over) => setTimeout(over, 50));
    try { for (;;) pipe(); } catch { /* all are taken */ }
    const deferred = new Promise((resolve) => eventLoop.defer(resolve));
    writeNow(write, new Uint8Array(1)); // else it takes as long as the rest
    await deferred;
    console.log("told", told);`;
  await runs(program, "told 1\n", "ulimit -n 80;");
});

loopTest("EventLoop tells, once a minute, what held it", async () => {
  using w = world();
  const { loop } = w;
  const held: [milliseconds: number, what: string][] = [];
  loop.onHeld = (...all) => held.push(all);
  const hold = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end;);
  };
  const told = async (ms: number, what?: () => string) => {
    const { read, write } = w.pipe();
    loop.add(read, EPOLLIN, {
      ready() {
        loop.remove(read);
        hold(ms);
      },
      ...(what && { what }),
    });
    writeNow(write, byte);
    await settled(loop);
  };
  await told(1, () => "nothing");
  assertEquals(held, []);
  await told(300, () => "a connection of 192.0.2.1");
  await told(300, () => "another one");
  assertEquals(held.map(([, what]) => what), ["a connection of 192.0.2.1"]);
  assert(held[0][0] >= 250);
});
