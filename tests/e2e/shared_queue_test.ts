/**
 * A gate and what can happen to its shared queue: what it says then, and that
 * nobody else waits. One cluster for all of it, since starting one takes long.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import {
  type RabbitNode,
  rabbitPeers,
  withRabbit,
} from "../support/rabbitmq.ts";
import { freePort } from "../support/relays.ts";
import { TestQueue } from "../support/shared_queue.ts";
import { queueArgs, setUpQueue } from "../support/site.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { tellStories } from "../support/stories.ts";
import { unframed } from "../../lib/queue/frame.ts";

class Story {
  readonly queue: TestQueue;

  constructor(
    readonly nodes: readonly RabbitNode[],
    readonly folder: string,
    readonly tlsPort: number,
  ) {
    this.queue = new TestQueue(nodes[0], "postern", 3);
  }

  /** A gate that takes mail, and puts it there. */
  withGate(
    args: readonly string[],
    fn: (gate: TestGate) => Promise<void>,
    url = queueArgs(this.nodes).url,
  ): Promise<void> {
    return this.withAnyGate(args, async (gate) => {
      // One that has just come hears nothing of what nobody tells just now.
      await until("the gate takes mail", () => accepts(gate), 60);
      await fn(gate);
    }, url);
  }

  withAnyGate(
    args: readonly string[],
    fn: (gate: TestGate) => Promise<void>,
    url = queueArgs(this.nodes).url,
  ): Promise<void> {
    const { options } = queueArgs(this.nodes);
    return withGate(
      [
        ...["-vRHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example"],
        ...["--rcpthosts", "in.example", "--deliver", url, ...options, ...args],
      ],
      {},
      async (gate) => {
        try {
          await fn(gate);
        } catch (error) {
          const said = gate.log.slice(-3000);
          throw new Error(`the gate said:\n${said}`, { cause: error });
        }
      },
    );
  }

  /** The subjects of all that wait, which nobody has any more. */
  async taken(): Promise<string[]> {
    const all = await this.queue.empty(this.queue.topology.ready);
    return all.map((bytes) => {
      const text = new TextDecoder().decode(unframed(bytes).text);
      return /^Subject: (.*)$/m.exec(text)?.[1] ?? text;
    }).sort();
  }
}

/** Of each broker: a long message takes 1.5 GB for a moment. */
const room = "3GB";

/** What a client hears in the end, whose message has such a subject. */
async function send(
  gate: TestGate,
  subject: string,
  body = "body\r\n",
): Promise<string> {
  const client = await SmtpClient.connect(gate.port);
  try {
    await client.reply();
    let said = "";
    for (
      const line of [
        ...["EHLO c.example", "MAIL FROM:<s@out.example>"],
        ...["RCPT TO:<ann@in.example>", "DATA"],
        `Subject: ${subject}\r\n\r\n${body}.`,
      ]
    ) {
      said = await client.ask(line);
      if (!/^[23]/.test(said)) return `${line.slice(0, 4)}: ${said}`;
    }
    return said;
  } finally {
    client.close();
  }
}

async function accepts(gate: TestGate): Promise<boolean> {
  const client = await SmtpClient.connect(gate.port);
  await client.reply();
  await client.ask("EHLO c.example");
  await client.ask("MAIL FROM:<s@out.example>");
  const said = await client.ask("RCPT TO:<ann@in.example>");
  client.close();
  return said.startsWith("250");
}

/** Takes mail as before, after a while. */
const takes = (gate: TestGate, subject: string) =>
  until(
    "mail is taken again",
    async () => (await send(gate, subject)).startsWith("250"),
    60,
  );

type Stories = Record<string, (story: Story) => Promise<void>>;

const stories: Stories = {
  async "without a majority: 451 before the deadline, and nobody waits"(story) {
    const { nodes: [, ...others] } = story;
    await story.withGate(["--queue-seconds", "3"], async (gate) => {
      assertMatch(await send(gate, "before"), /^250 /);
      assertEquals(await story.taken(), ["before"]);
      for (const node of others) await node.hang();
      try {
        let isAnswered = false;
        const said = send(gate, "late").finally(() => isAnswered = true);
        // Somebody else's session goes on meanwhile.
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220 /);
        for (let i = 0; i < 20; i++) {
          assertMatch(await client.ask("NOOP"), /^250 /);
        }
        assert(!isAnswered);
        client.close();
        assertMatch(await said, /^Subj: 451 4\.3\.0 /);
        // Its connection may be to one that hangs: then it is made anew, in vain.
        assertMatch(gate.log, / unable to put \S+ into .*: /);
      } finally {
        for (const node of others) node.goOn();
      }
      const isSent = /: no confirm in 3 seconds/.test(gate.log);
      // What was confirmed too late is there, and so is what is sent again.
      await takes(gate, "again");
      const least = isSent ? 2 : 1;
      await until("it has come late", async () => {
        const { ready } = story.queue.topology;
        return (await story.queue.depth(ready)) >= least;
      });
      const taken = await story.taken();
      const expected = isSent ? ["again", "late"] : ["again"];
      assertEquals([...new Set(taken)], expected);
    });
  },

  async "a node that hangs is found out by its heartbeat"(story) {
    const [first] = story.nodes;
    const args = ["--queue-seconds", "300"];
    await story.withGate(args, async (gate) => {
      assertMatch(await send(gate, "1"), /^250 /);
      const hung = await connectedTo(story.nodes);
      await hung.hang();
      try {
        // A client that hears nothing before the connection is given up.
        send(gate, "2").catch(() => {});
        const refused = () =>
          /^\S+ message\.refused .* code=451 /m.test(gate.log);
        await until("451", refused, 60);
        assertMatch(gate.log, /unable to put \S+ into \S+: .*heartbeat/i);
      } finally {
        hung.goOn();
      }
      await takes(gate, "3");
    });
    await until("the node is back", async () => {
      const said = await first.control("cluster_status").catch(() => "");
      return !/are not running|Partitions\n+\S+.*partition/i.test(said);
    }, 30);
    await story.taken();
  },

  async "a broker without room: 452 at RCPT"(story) {
    const { nodes: [node] } = story;
    await story.withGate(["--queue-seconds", "3"], async (gate) => {
      assertMatch(await send(gate, "1"), /^250 /);
      await node.control("set_vm_memory_high_watermark", "0.00001");
      try {
        // It says so to whoever puts something there.
        await until(
          "452",
          async () => /^RCPT: 452 4\.3\.1 /.test(await send(gate, "2")),
        );
        assert(!/^\S+ stored .*"2"/m.test(gate.log));
      } finally {
        await node.control("set_vm_memory_high_watermark", "absolute", room);
      }
      await takes(gate, "3");
    });
    const taken = await story.taken();
    assert(taken.includes("1") && taken.includes("3"), `${taken}`);
  },

  async "a message that is too long for the broker: 552"(story) {
    const size = (bytes: number) =>
      Promise.all(story.nodes.map((node) =>
        node.control(
          "eval",
          `application:set_env(rabbit, max_message_size, ${bytes}).`,
        )
      ));
    await size(100_000);
    try {
      await story.withGate([], async (gate) => {
        const long = `${"x".repeat(76)}\r\n`.repeat(2000);
        assertMatch(await send(gate, "1"), /^250 /);
        for (let i = 0; i < 2; i++) {
          const said = await send(gate, "long", long);
          assertMatch(said, /^Subj: 552 5\.3\.4 /);
        }
        await takes(gate, "2");
      });
    } finally {
      await size(134217728);
    }
    assertEquals(await story.taken(), ["1", "2"]);
  },

  async "a wrong password, and a broker that nobody vouches for"(story) {
    const auth = `${story.folder}/auth`, { tlsPort, folder } = story;
    await Deno.writeTextFile(auth, "* guest wrong\n");
    const tls = `amqps://localhost:${tlsPort}`;
    const other = await makeCertificate(folder, "other");
    const right = `${folder}/server.crt`;
    const cases: [args: string[], url: string | undefined, why: RegExp][] = [
      [["--queue-auth", auth], undefined, /password is wrong: --queue-auth/],
      [[], tls, /--queue-ca FILE has the authority/],
      [["--queue-ca", other.certPath], tls, /--queue-ca FILE has the authorit/],
      [
        ["--queue-ca", right],
        `amqps://127.0.0.2:${tlsPort}`,
        /connection refused|name that the certificate is for/i,
      ],
    ];
    for (const [args, url, why] of cases) {
      await story.withAnyGate(args, async (gate) => {
        assertMatch(await send(gate, "x"), /^RCPT: 451 4\.3\.0 /);
        await gate.logged(why);
        assert(!gate.log.includes("wrong\n"), "its password is told");
      }, url);
      const { options } = queueArgs(story.nodes);
      const check = await output(postern, [
        ...["serve", "--check", "127.0.0.1", "0", "smtpd", "--me", "localhost"],
        ...["--deliver", url ?? queueArgs(story.nodes).url],
        ...[...options, ...args],
      ]);
      assertEquals(check.code, 100, check.stderr);
      assertMatch(check.stderr + check.stdout, why);
    }
    assertEquals(await story.taken(), []);
    await story.withGate(["--queue-ca", right], async (gate) => {
      assertMatch(await send(gate, "by TLS"), /^250 /);
    }, tls);
    assertEquals(await story.taken(), ["by TLS"]);
  },

  async "a queue that is gone confirms, and what comes back is no 250"(story) {
    await story.withGate([], async (gate) => {
      assertMatch(await send(gate, "1"), /^250 /);
      const channel = await story.queue.channel();
      await channel.deleteQueue(story.queue.topology.ready);
      assertMatch(await send(gate, "2"), /^Subj: 451 4\.3\.0 /);
      await gate.logged(/unable to put \S+ into amqp:\S+: NO_ROUTE/);
      const gone = await channel.checkQueue("postern").catch(() => null);
      assertEquals(gone, null, "it was made anew");
      await setUpQueue(story.nodes, 1);
      await takes(gate, "3");
    });
    assertEquals(await story.taken(), ["3"]);
  },

  async "a message that is long, beside short ones"(story) {
    await story.withGate([], async (gate) => {
      const line = `${"x".repeat(76)}\r\n`;
      let isLongOver = false, small = 0;
      const long = send(gate, "long", line.repeat((50 << 20) / line.length))
        .finally(() => isLongOver = true);
      const times: number[] = [];
      while (!isLongOver) {
        const began = performance.now();
        assertMatch(await send(gate, "short"), /^250 /);
        times.push(performance.now() - began);
        if (!isLongOver) small++;
      }
      assertMatch(await long, /^250 /);
      assert(small > 0, "they have waited for it");
      if (Deno.env.get("POSTERN_RUNS") === "all") {
        times.sort((a, b) => a - b);
        const [middle, longest] = [times[times.length >> 1], times.at(-1)!];
        console.log(
          `beside 50 MB ${times.length} small ones took ` +
            `${middle.toFixed(0)} ms, ${longest.toFixed(0)} at most`,
        );
      }
    });
    const taken = await story.taken();
    assertEquals(taken.filter((each) => each === "long"), ["long"]);
  },
};

/** The node that the gate puts mail into. */
async function connectedTo(
  nodes: readonly RabbitNode[],
): Promise<RabbitNode> {
  const url = `http://127.0.0.1:${nodes[0].managementPort}/api/connections`;
  const authorization = `Basic ${btoa("guest:guest")}`;
  let found: RabbitNode | undefined;
  await until("the broker tells of the gate's connection", async () => {
    const response = await fetch(url, { headers: { authorization } });
    const all = await response.json() as {
      node: string;
      user_provided_name?: string;
    }[];
    const ours = all.find((each) => each.user_provided_name === "postern");
    found = nodes.find(({ name }) => `${name}@localhost` === ours?.node);
    return found !== undefined;
  });
  return found!;
}

Deno.test(
  needing(
    { peers: [...rabbitPeers, "openssl"], root: true },
    "stories of a gate and its shared queue",
  ),
  (t) =>
    inFolder(async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      for (const path of [certPath, keyPath]) await Deno.chmod(path, 0o644);
      const tlsPort = freePort();
      const broker = ({ name }: RabbitNode) => [
        `vm_memory_high_watermark.absolute = ${room}`,
        ...name !== "r1" ? [] : [
          `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
          `ssl_options.certfile = ${certPath}`,
          `ssl_options.keyfile = ${keyPath}`,
        ],
      ];
      await withRabbit(`${folder}/rabbit`, 3, async (nodes) => {
        const story = new Story(nodes, folder, tlsPort);
        await tellStories(t, stories, async (tell) => {
          await setUpQueue(nodes, 1); // it waits until all is well again
          await story.taken(); // whatever another one has left
          await tell(story);
        });
        await story.queue.close();
      }, broker);
    }),
);
