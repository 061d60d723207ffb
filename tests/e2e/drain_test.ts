/**
 * postern drain and a RabbitMQ of one node: what is in the queue is delivered,
 * tried again, given up and told of, whoever dies meanwhile.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { framed, unframed } from "../../lib/queue/frame.ts";
import { dovecotPeers, withDovecot } from "../support/dovecot.ts";
import { withGate } from "../support/gate.ts";
import { NextHop } from "../support/next_hop.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import {
  type RabbitNode,
  rabbitPeers,
  withRabbit,
} from "../support/rabbitmq.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { tellStories } from "../support/stories.ts";
import {
  drainArgs,
  queued,
  TestDrain,
  TestQueue,
  withDrain,
} from "../support/shared_queue.ts";

const files = (folder: string): string[] => {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return []; // there is none yet
  }
};

const encode = (text: string) => new TextEncoder().encode(text);

/** Each story has queues of its own. */
const stories: Record<
  string,
  (queue: TestQueue, folder: string, node: RabbitNode) => Promise<void>
> = {
  async "to Maildirs, by routes, told in the mail log"(queue, folder) {
    await Deno.mkdir(`${folder}/mail/in.example/ann`, { recursive: true });
    const one = queued({ recipients: ["ann@in.example", "Bob@other.example"] });
    await queue.put(one, "Subject: one\n\nhello\n");
    await withDrain(queue, [
      ...["--maildir", `${folder}/mail/{domain}/{user}/Maildir`],
      ...["--route", `other.example=maildir:${folder}/other`],
    ], async (drain) => {
      await drain.logged(/delivery\.stored .*to=ann@in\.example/);
      await drain.logged(/delivery\.stored .*to=Bob@other\.example/);
      const [name, ...more] = files(
        `${folder}/mail/in.example/ann/Maildir/new`,
      );
      assertEquals(more, []);
      assertMatch(name, /^\d{10}\.Q[\da-f]{32}\.postern$/);
      const text = await Deno.readTextFile(
        `${folder}/mail/in.example/ann/Maildir/new/${name}`,
      );
      assertEquals(
        text,
        "Return-Path: <sender@out.example>\n" +
          "Delivered-To: ann@in.example\nSubject: one\n\nhello\n",
      );
      assertEquals(files(`${folder}/other/new`).length, 1);
      assertEquals(await drain.stop(), 0);
      await Deno.writeTextFile(`${folder}/log`, drain.log);
      const trace = await output(postern, ["trace", one.id, `${folder}/log`], {
        env: { NO_COLOR: "1" },
      });
      assertMatch(
        trace.stdout,
        /delivered: .*to ann@in\.example.*as \d{10}\.Q/,
      );
    });
    assertEquals(await queue.depth(queue.topology.ready), 0);
  },

  async "a message that comes twice is in a Maildir once"(queue, folder) {
    const twice = queued();
    await withDrain(queue, ["--maildir", `${folder}/box`], async (drain) => {
      await queue.put(twice);
      await drain.logged(/delivery\.stored/);
      await queue.put(twice);
      await until("both", () => drain.count(/delivery\.stored/) === 2);
      assertEquals(files(`${folder}/box/new`).length, 1);
      // Its user has seen it; a drain that may have had it before looks there.
      const [name] = files(`${folder}/box/new`);
      await Deno.rename(
        `${folder}/box/new/${name}`,
        `${folder}/box/cur/${name},S=9:2,S`,
      );
      await queue.put({ ...twice, attempts: 1 });
      await until("three", () => drain.count(/delivery\.stored/) === 3);
      assertEquals(files(`${folder}/box/new`), []);
      assertEquals(files(`${folder}/box/tmp`), []);
    });
  },

  async "who is refused for now is tried again, and others are not"(queue) {
    let isBusy = true;
    using hop = new Hop({
      protocol: "lmtp",
      outcome: (to: string) =>
        isBusy && to === "full@in.example" ? "452 4.2.2 full" : "250 ok",
    });
    await queue.put(
      queued({ recipients: ["ann@in.example", "full@in.example"] }),
    );
    await withDrain(
      queue,
      ["--deliver", hop.target, "--pauses", "1s,2s"],
      async (drain) => {
        await drain.logged(
          /deferred .*to=full@.*attempts=1 due=.*4\.2\.2 full/,
        );
        await drain.logged(/deferred .*to=full@.*attempts=2/);
        isBusy = false;
        await drain.logged(/stored .*to=full@.*attempts=3/);
        assertEquals(
          hop.messages.map(({ recipients }) => recipients.length).slice(0, 2),
          [2, 1],
        );
        assertEquals(drain.count(/to=ann@/), 1);
      },
    );
  },

  async "who has it by LMTP is not tried again, though it goes amid the others"(
    queue,
  ) {
    using hop = new Hop({
      protocol: "lmtp",
      outcome: (to: string) => to[0] === "b" ? "421 4.3.2 going" : "250 ok",
    });
    const recipients = ["ann@x.example", "bob@x.example", "cyd@x.example"];
    await queue.put(queued({ recipients }));
    const args = ["--deliver", hop.target, "--pauses", "1s"];
    await withDrain(queue, args, async (drain) => {
      await drain.logged(/deferred .*to=bob@.*attempts=2/);
      assertEquals(drain.count(/stored .*to=ann@.*attempts=1/), 1);
      assertEquals(
        hop.messages.map(({ recipients }) => recipients.length).slice(0, 2),
        [3, 2],
      );
      // Who was behind the one that it goes at is in front of it the next time.
      assertEquals(drain.count(/stored .*to=cyd@.*attempts=2/), 1);
    });
  },

  async "for good: the dead, with the reason, or a report"(queue, folder) {
    await Deno.mkdir(`${folder}/in`);
    const args = ["--maildir", `${folder}/in/{user}/Maildir`];
    const lost = queued({ recipients: ["nobody@in.example"] });
    await queue.put(lost);
    await withDrain(
      queue,
      args,
      (drain) => drain.logged(/failed .*code=550 .*5\.1\.1/),
    );
    const [dead, ...more] = await queue.dead();
    assertEquals(more, []);
    assertEquals([dead.id, dead.attempts], [lost.id, 1]);
    assertEquals(dead.troubles["nobody@in.example"].enhanced, "5.1.1");
    await queue.put(lost, "Subject: lost\nX-Mine: yes\n\nsecret\n");
    await queue.put(queued({ recipients: ["nobody@in.example"], sender: "" }));
    const reports = ["--bounces", `maildir:${folder}/reports`];
    await withDrain(queue, [...args, ...reports], async (drain) => {
      await drain.logged(/stored .*from=<> to=sender@out\.example/);
      await until("both", () => drain.count(/delivery\.failed/) === 2);
      const report = /report=(\S+)/.exec(drain.log)![1];
      assertMatch(drain.log, new RegExp(`stored .*id=${report} `));
    });
    const [name] = files(`${folder}/reports/new`);
    const text = await Deno.readTextFile(`${folder}/reports/new/${name}`);
    assertMatch(text, /^Final-Recipient: rfc822; nobody@in\.example$/m);
    assertMatch(text, /X-Mine: yes/);
    assert(!text.includes("secret"));
    assertEquals((await queue.dead()).map(({ sender }) => sender), [""]);
  },

  async "one that is too old is given up"(queue) {
    using hop = new Hop({
      fault: (step) =>
        step === "rcpt" ? { say: "450 4.2.1 not now\r\n" } : null,
    });
    await queue.put(queued({ acceptedAt: Date.now() - 6 * 86_400_000 }));
    await withDrain(
      queue,
      ["--deliver", hop.target],
      (drain) => drain.logged(/failed .*4\.4\.7 .*not now/),
    );
    const [dead] = await queue.dead();
    assertMatch(dead.troubles["ann@in.example"].text, /450 4\.2\.1 not now/);
  },

  async "what nobody can read goes to the dead, wherever it was"(
    queue,
    folder,
  ) {
    const { ready, dead, retries } = queue.topology;
    await queue.putBytes(encode("nonsense"));
    await queue.putBytes(encode("PQ1\n\0\0\0\x05{}   text"));
    await queue.putBytes(encode(""), retries[0]);
    await queue.put(queued());
    await withDrain(queue, ["--maildir", `${folder}/b`], async (drain) => {
      await drain.logged(/delivery\.stored/);
      await until("all three", async () => await queue.depth(dead) === 3);
      assertEquals(drain.count(/cannot be read/), 3);
    });
    assertEquals(await queue.depth(ready), 0);
    assertEquals(
      (await queue.empty(dead)).map(({ length }) => length).toSorted(),
      [0, 17, 8].toSorted(),
    );
  },

  async "a domain that hangs does not hold the others"(queue, folder) {
    using hop = new Hop({
      fault: (step) => step === "rcpt" ? "silence" : null,
    });
    await queue.putAll(
      Array.from(
        { length: 1000 },
        () =>
          framed(queued({ recipients: ["x@hangs.example"] }), encode("\nx\n")),
      ),
    );
    await queue.put(queued());
    await withDrain(queue, [
      ...["--maildir", `${folder}/box`],
      ...["--route", `hangs.example=${hop.target}`],
    ], async (drain) => {
      await drain.logged(/stored .*to=ann@in\.example/, 15);
      assert(hop.open < 20, "it has all connections");
      assertEquals(await drain.stop("SIGKILL"), 137);
    });
    const { ready, retries, dead } = queue.topology;
    const all = [...await queue.empty(ready), ...await queue.empty(retries[0])];
    assert(all.length >= 1000, `${all.length} are left`);
    assertEquals(await queue.depth(dead), 0);
  },

  async "a drain that is killed loses nothing"(queue, folder) {
    const count = 2000;
    const all = Array.from({ length: count }, () => queued());
    await queue.putAll(
      all.map((facts) => framed(facts, encode(`Id: ${facts.id}\n\n`))),
    );
    const args = ["--maildir", `${folder}/box`];
    for (let round = 0; round < 3; round++) {
      const drain = await TestDrain.start(queue, args);
      const before = files(`${folder}/box/new`).length;
      await until(
        "some more",
        () => files(`${folder}/box/new`).length > before + 50,
      );
      await drain.stop("SIGKILL");
      assert(files(`${folder}/box/new`).length < count, "all are delivered");
    }
    await withDrain(
      queue,
      args,
      () =>
        until("all of them", () => files(`${folder}/box/new`).length >= count),
    );
    const ids = files(`${folder}/box/new`).map((name) =>
      /^Id: (.*)$/m.exec(Deno.readTextFileSync(`${folder}/box/new/${name}`))![1]
    );
    assertEquals(ids.toSorted(), all.map(({ id }) => id).toSorted());
  },

  async "SIGTERM: what is under way is finished, the rest stays"(queue) {
    using hop = new Hop();
    await queue.putAll(
      Array.from({ length: 50 }, () => framed(queued(), encode("\nx\n"))),
    );
    const drain = await TestDrain.start(queue, [
      ...["--deliver", hop.target, "--concurrency", "1"],
    ]);
    await until("some have come", () => hop.messages.length > 2);
    assertEquals(await drain.stop(), 0);
    const left = await queue.depth(queue.topology.ready);
    assertEquals(left + hop.messages.length, 50);
    assertEquals(drain.count(/delivery\.stored/), hop.messages.length);
  },

  async "its own queue, a queue that is not there, and nonsense"(
    queue,
    folder,
  ) {
    const say = async (args: string[]) => {
      const { code, stderr } = await output(postern, args);
      return `${code} ${stderr}`;
    };
    const base = drainArgs(queue);
    assertMatch(await say(base), /^100 .*--deliver TARGET is wanted/);
    assertMatch(
      await say([...base, "--deliver", queue.node.url]),
      /^100 .*is the queue that is drained/,
    );
    const other = new TestQueue(queue.node, "elsewhere");
    const missing = [...drainArgs(other), "--maildir", `${folder}/m`];
    assertMatch(await say(missing), /^111 .*postern queue setup/);
    assertMatch(
      await say([...base, "--maildir", `${folder}/m`, "--relay", "discard"]),
      /^100 .*--rcpthosts/,
    );
    assertEquals(
      await say([...base, "--maildir", `${folder}/m`, "--check"]),
      "0 ",
    );
  },

  async "to Dovecot by LMTP"(queue, folder) {
    await withDovecot(`${folder}/dovecot`, async ({ port, stored }) => {
      await queue.put(
        queued({ recipients: ["ann@in.example", "none@in.example"] }),
        "Subject: hi\n\n.dot\n",
      );
      await withDrain(
        queue,
        ["--deliver", `lmtp:127.0.0.1:${port}`],
        async (drain) => {
          await drain.logged(/stored .*to=ann@/);
          await drain.logged(/failed .*to=none@/);
        },
      );
      assertMatch(stored("ann")[0], /Subject: hi\r?\n\r?\n\.dot/);
    });
  },

  async "a connection is lost: what is at work is not done twice"(
    queue,
    _,
    node,
  ) {
    let isAsked = false;
    const isBack = Promise.withResolvers<void>();
    using hop = new Hop({ protocol: "lmtp" });
    using slow = new Slow(hop.port, () => isAsked = true, isBack.promise);
    await queue.put(queued());
    await withDrain(
      queue,
      ["--deliver", `lmtp:127.0.0.1:${slow.port}`],
      async (drain) => {
        await until("the text is there", () => isAsked);
        await queue.close();
        await node.control("close_all_connections", "a test");
        await drain.logged(/is lost/);
        const { ready } = queue.topology;
        await until("it was taken again", async () => {
          const channel = await queue.channel();
          const { consumerCount, messageCount } = await channel.checkQueue(
            ready,
          );
          await channel.close();
          return consumerCount === 1 && messageCount === 0;
        });
        isBack.resolve();
        await drain.logged(/delivery\.stored/);
        assertEquals(await drain.stop(), 0);
        assertEquals(await queue.depth(ready), 0);
        assertEquals(hop.messages.length, 1);
      },
    );
  },

  async "SIGTERM and a delivery that does not end"(queue, folder) {
    using hop = new Hop({
      fault: (step) => step === "end" ? "silence" : null,
    });
    await queue.put(
      queued({ recipients: ["ann@in.example", "bob@hangs.example"] }),
    );
    await withDrain(queue, [
      ...["--maildir", `${folder}/box`, "--grace", "1"],
      ...["--route", `hangs.example=${hop.target}`],
    ], async (drain) => {
      await drain.logged(/stored .*to=ann@/);
      await until("the text is there", () => hop.messages.length === 1);
      assertEquals(await drain.stop(), 0);
      assertMatch(drain.log, /still being delivered after 1 seconds: 1;/);
    });
    const left = await queue.empty(queue.topology.ready);
    assertEquals(
      left.map((bytes) => unframed(bytes).facts.recipients),
      [["bob@hangs.example"]],
    );
  },

  async "the queue is deleted: it is said, and not made anew"(queue, folder) {
    const { ready } = queue.topology;
    await withDrain(queue, ["--maildir", `${folder}/box`], async (drain) => {
      const channel = await queue.channel();
      await channel.deleteQueue(ready);
      await drain.logged(/there is no queue \S+ .*postern queue setup/);
      const gone = await channel.checkQueue(ready).then(
        () => false,
        () => true,
      );
      assert(gone, "it was made anew");
      await queue.declare();
      await queue.put(queued());
      await drain.logged(/delivery\.stored/, 40);
    });
  },

  async "a broker that takes nothing gives all the same"(queue, folder, node) {
    let isBusy = true;
    using hop = new Hop({
      fault: (step) =>
        isBusy && step === "rcpt" ? { say: "450 4.2.1 no\r\n" } : null,
    });
    await queue.put(queued({ recipients: ["bob@busy.example"] }));
    await queue.put(queued());
    await node.control("set_vm_memory_high_watermark", "0.00001");
    try {
      await withDrain(queue, [
        ...["--maildir", `${folder}/box`, "--pauses", "1s"],
        ...["--queue-seconds", "3"],
        ...["--route", `busy.example=${hop.target}`],
      ], async (drain) => {
        await drain.logged(/stored .*to=ann@/);
        await drain.logged(/unable to put a message into \S+retry\.1: /);
        isBusy = false;
        await node.control("set_vm_memory_high_watermark", "absolute", "1GB");
        await drain.logged(/deferred .*to=bob@/);
        await drain.logged(/stored .*to=bob@/);
      });
    } finally {
      await node.control("set_vm_memory_high_watermark", "absolute", "1GB");
    }
  },

  async "from a gate to a Maildir, told as one story"(queue, folder) {
    const { node, topology } = queue;
    const log = (name: string) => ["--mail-log", `${folder}/${name}.log`];
    const at = ["--queue-management", "none", "--queue-members", "1"];
    await withGate(
      [
        ...["-RHl0", ...log("gate"), "127.0.0.1", "0"],
        ...["smtpd", "--me", "mx.example", "--rcpthosts", "in.example"],
        ...["--deliver", node.url, "--queue-prefix", topology.ready, ...at],
      ],
      {},
      async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        await client.reply();
        for (
          const line of [
            ...["HELO c.example", "MAIL FROM:<s@out.example>"],
            ...["RCPT TO:<ann@in.example>", "DATA"],
          ]
        ) await client.ask(line);
        const said = await client.ask("Subject: x\r\n\r\nbody\r\n.");
        client.close();
        const [, id] = /^250 2\.0\.0 ok (\S+)/.exec(said)!;
        const args = ["--maildir", `${folder}/box`, ...log("drain")];
        await withDrain(queue, args, async (drain) => {
          const box = `${folder}/box/new`;
          await until("it is there", () => files(box).length === 1);
          await drain.stop();
        });
        const { stdout } = await output(postern, [
          ...["trace", id, `${folder}/drain.log`, `${folder}/gate.log`],
        ], { env: { NO_COLOR: "1" } });
        assertMatch(stdout, / stored: .*\n.* delivered: .*\n$/);
        const to = await output(postern, [
          ...["trace", "--to", "ann@in.example"],
          ...[`${folder}/drain.log`, `${folder}/gate.log`],
        ], { env: { NO_COLOR: "1" } });
        assertEquals(to.stdout, stdout);
      },
    );
  },

  async "the broker is restarted"(queue, folder, node) {
    await withDrain(queue, ["--maildir", `${folder}/box`], async (drain) => {
      await queue.put(queued());
      await drain.logged(/delivery\.stored/);
      await queue.close();
      await node.end("SIGTERM"); // the queue is too young for a harder end
      await drain.logged(/is lost/);
      node.start();
      await node.up();
      await until("it is back", async () => {
        try {
          await queue.put(queued());
          return true;
        } catch {
          await queue.close();
          return false; // not yet
        }
      });
      await until(
        "the second",
        () => files(`${folder}/box/new`).length === 2,
        60,
      );
      assertEquals(await drain.stop(), 0);
    });
  },
};

class Hop extends NextHop {
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Hands bytes on, and the answer to a text not before it may. */
class Slow {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor(
    readonly next: number,
    readonly asked: () => void,
    readonly may: Promise<void>,
  ) {
    this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.next,
      });
      client.readable.pipeThrough(
        new TransformStream({
          transform: async (bytes, out) => {
            // The end may come in a piece of its own.
            if (/(^|\r\n)\.\r\n$/.test(new TextDecoder().decode(bytes))) {
              this.asked();
              await this.may;
            }
            out.enqueue(bytes);
          },
        }),
      ).pipeTo(server.writable).catch(() => {}); // either has gone
      server.readable.pipeTo(client.writable).catch(() => {});
    }
  }
}

Deno.test(
  needing(
    { peers: [...rabbitPeers, ...dovecotPeers], root: true },
    "stories of a drain",
  ),
  (t) =>
    inFolder(async (folder) => {
      await withRabbit(`${folder}/rabbit`, 1, async ([node]) => {
        await tellStories(t, stories, async (story, i) => {
          const queue = new TestQueue(node, `story${i}`);
          const place = `${folder}/${i}`;
          await Deno.mkdir(place);
          await Deno.chmod(place, 0o755);
          try {
            await queue.declare();
            await story(queue, place, node);
          } finally {
            await queue.close();
          }
        });
      });
    }),
);
