import type { Emit } from "../../lib/base/events.ts";
import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PolicyProgram } from "../../lib/policy/policy_program.ts";
import { policyAddress } from "../../lib/policy/delegation.ts";
import { inFolder, output, peer, testWith, until } from "../support/peers.ts";
import { question } from "../support/question.ts";

const accept = { type: "accept" };

/**
 * A policy server on loopback. It gives each request to `respond`, and sends
 * what that returns; null closes the connection instead.
 */
class PolicyServer {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  connections = 0;
  readonly requests: string[] = [];

  constructor(
    readonly respond: (
      request: string,
      ofConnection: number,
    ) => string | null | Promise<string | null>,
  ) {
    this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  program(seconds: number, emit: Emit = () => {}) {
    const address = policyAddress(`127.0.0.1:${this.port}`)!;
    return new PolicyProgram(address, seconds, emit);
  }

  /** Sends something that nobody has asked for. */
  async say(text: string): Promise<void> {
    for (const conn of this.#conns) {
      await conn.write(new TextEncoder().encode(text));
    }
  }

  /** Whether all have hung up on it. */
  isAlone(): boolean {
    return this.#conns.size === 0;
  }

  hangUp(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  close(): void {
    this.hangUp();
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.#conns.add(conn);
      this.#serve(conn).catch(() => {});
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    let text = "", count = 0;
    const buffer = new Uint8Array(4096);
    for (;;) {
      const n = await conn.read(buffer);
      if (n === null) {
        if (this.#conns.delete(conn)) conn.close();
        return;
      }
      text += new TextDecoder().decode(buffer.subarray(0, n));
      for (let end; (end = text.indexOf("\n\n")) !== -1;) {
        const request = text.slice(0, end);
        text = text.slice(end + 2);
        this.requests.push(request);
        const response = await this.respond(request, ++count);
        if (response !== null) {
          await conn.write(new TextEncoder().encode(response));
        } else if (this.#conns.delete(conn)) conn.close();
      }
    }
  }
}

async function withServer(
  respond: ConstructorParameters<typeof PolicyServer>[0],
  test: (server: PolicyServer) => Promise<void>,
) {
  const server = new PolicyServer(respond);
  try {
    await test(server);
  } finally {
    server.close();
  }
}

Deno.test("PolicyProgram asks over one connection, kept for the next", () =>
  withServer(
    (request) =>
      request.includes("recipient=bad@")
        ? "action=REJECT no thanks\n\n"
        : "action=DUNNO\n\n",
    async (server) => {
      const program = server.program(20);
      assertEquals<unknown>(await program.ask(question()), accept);
      const refusal = await program.ask(question({ recipient: "bad@x" }));
      assertEquals(refusal.type !== "accept" && refusal.text, "no thanks");
      assertEquals<unknown>(await program.ask(question()), accept);
      assertEquals(server.connections, 1);
      assertEquals(server.requests.length, 3);
      program.close();
    },
  ));

Deno.test("PolicyProgram asks again when its connection is gone, once", () =>
  withServer(
    (_, count) => count === 2 ? null : "action=OK\n\n",
    async (server) => {
      const log: string[] = [];
      const program = server.program(20, into(log));
      for (let i = 0; i < 4; i++) {
        assertEquals<unknown>(await program.ask(question()), accept);
      }
      // The second question of each connection was lost, and asked again.
      assertEquals([server.requests.length, server.connections], [7, 4]);
      server.hangUp();
      assertEquals<unknown>(await program.ask(question()), accept);
      assertEquals(log, []);
      program.close();
    },
  ));

Deno.test("PolicyProgram defers when the connection is lost twice", () =>
  withServer(() => null, async (server) => {
    const log: string[] = [];
    const program = server.program(20, into(log));
    const answer = await program.ask(question());
    assert(answer.type === "later");
    assertEquals([answer.code, answer.enhanced], [451, "4.3.5"]);
    assertEquals(server.requests.length, 2);
    assertMatch(log.join("\n"), /^unable to ask the policy program: /);
    program.close();
  }));

Deno.test("PolicyProgram defers without an answer in time, and asks anew", async () => {
  let silent = true;
  await withServer(
    () => silent ? "action=" : "action=OK\n\n",
    async (server) => {
      const log: string[] = [];
      const program = server.program(0.3, into(log));
      const answer = await program.ask(question());
      assert(answer.type === "later" && answer.code === 451);
      assertMatch(log.join("\n"), /no answer within 0\.3 seconds/);
      silent = false;
      // The half of an answer that came belongs to nobody.
      assertEquals<unknown>(await program.ask(question()), accept);
      assertEquals(server.connections, 2);
      program.close();
    },
  );
});

Deno.test("PolicyProgram does not take two answers for one question", () =>
  withServer(
    (_, count) =>
      count === 1 ? "action=OK\n\naction=OK\n\n" : "action=REJECT\n\n",
    async (server) => {
      const program = server.program(20);
      assertEquals((await program.ask(question())).type, "later");
      assertEquals((await program.ask(question())).type, "later");
      assertEquals(server.connections, 2);
      program.close();
    },
  ));

Deno.test("PolicyProgram does not take what came unasked for an answer", () =>
  withServer(
    (request) =>
      request.includes("recipient=bad@")
        ? "action=REJECT\n\n"
        : "action=OK\n\n",
    async (server) => {
      const program = server.program(20);
      assertEquals<unknown>(await program.ask(question()), accept);
      await server.say("action=OK\n\n");
      await until("it has been noticed", () => server.isAlone());
      const refusal = await program.ask(question({ recipient: "bad@x" }));
      assertEquals(refusal.type, "never");
      assertEquals<unknown>(await program.ask(question()), accept);
      assertEquals(server.connections, 2);
      program.close();
    },
  ));

Deno.test("PolicyProgram lets the process end while a connection is kept", async () => {
  const script = `
    import { PolicyProgram } from "${
    import.meta.resolve("../../lib/policy/policy_program.ts")
  }";
    const address = { transport: "tcp", hostname: "127.0.0.1", port: Number(Deno.args[0]) };
    const program = new PolicyProgram(address, 20, console.error);
    console.log((await program.ask(${JSON.stringify(question())})).type);
  `;
  await withServer(
    () => "action=OK\n\n",
    (server) =>
      inFolder(async (folder) => {
        await Deno.writeTextFile(`${folder}/ask.ts`, script);
        const { stdout, stderr } = await output(Deno.execPath(), [
          ...["run", "-A", "--no-check", `${folder}/ask.ts`, `${server.port}`],
        ]);
        assertEquals([stdout, stderr], ["accept\n", ""]);
      }),
  );
});

Deno.test("PolicyProgram does not hold an endless answer", () =>
  withServer(() => "action=" + "x".repeat(20_000), async (server) => {
    const program = server.program(20);
    assertEquals((await program.ask(question())).type, "later");
    program.close();
  }));

Deno.test("PolicyProgram asks many questions over few connections", () =>
  withServer(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const number = /^instance=(\d+)$/m.exec(request)![1];
    return `action=550 ${number}\n\n`;
  }, async (server) => {
    const program = server.program(20);
    const answers = await Promise.all(
      Array.from(
        { length: 100 },
        (_, i) => program.ask(question({ instance: String(i) })),
      ),
    );
    answers.forEach((answer, i) =>
      assertEquals(answer.type !== "accept" && answer.text, String(i))
    );
    assertEquals(server.connections, 16);
    program.close();
  }));

Deno.test("PolicyProgram: who waits for a connection in vain is deferred too", () =>
  withServer(() => "", async (server) => {
    const program = server.program(0.5);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => program.ask(question())),
    );
    for (const answer of answers) assertEquals(answer.type, "later");
    program.close();
  }));

Deno.test("PolicyProgram defers when nobody listens", async () => {
  const program = new PolicyProgram(
    { transport: "unix", path: "/nonexistent/policy" },
    20,
    () => {},
  );
  assertEquals((await program.ask(question())).type, "later");
});

/** Starts a real postgrey with a delay of a second. */
async function withPostgrey(
  test: (program: PolicyProgram, log: string[]) => Promise<void>,
) {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/db`);
    const socket = `${folder}/policy`;
    const server = new Deno.Command(peer("postgrey")!, {
      args: [
        `--unix=${socket}`,
        `--dbdir=${folder}/db`,
        "--user=root",
        "--group=root",
        "--delay=1",
        "--auto-whitelist-clients=0",
        "--hostname=mx.example",
        "--greylist-text=Greylisted for %s seconds (%r)",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const log: string[] = [];
    const program = new PolicyProgram(
      policyAddress(socket)!,
      20,
      into(log),
    );
    try {
      await until("postgrey listens", () => {
        try {
          return Deno.statSync(socket).isSocket === true;
        } catch {
          return false;
        }
      });
      await test(program, log);
    } finally {
      program.close();
      server.kill("SIGKILL");
      await server.status;
    }
  });
}

testWith(
  { peers: ["postgrey"], root: true },
  "PolicyProgram with a real postgrey: greylists, then accepts",
  () =>
    withPostgrey(async (program, log) => {
      const ask = (recipient: string, instance: string) =>
        program.ask(question({ recipient, instance }));
      const first = await ask("a@to.example", "1");
      assert(first.type === "later", JSON.stringify([first, log]));
      assertEquals([first.code, first.enhanced], [450, "4.2.0"]);
      assertMatch(first.text, /^Greylisted for \d+ seconds \(to\.example\)$/);
      // Another recipient of another message waits for itself.
      assertEquals((await ask("b@to.example", "2")).type, "later");
      let attempts = 2;
      await until(
        "the delay is over",
        async () =>
          (await ask("a@to.example", String(++attempts))).type === "accept",
      );
      assert(attempts > 3, "there was no delay");
      assertMatch(
        log.join("\n"),
        /^policy program: not done: PREPEND X-Greylist: delayed/,
      );
      assertEquals((await ask("a@to.example", "last")).type, "accept");
    }),
);
