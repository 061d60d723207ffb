import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PolicyProgram } from "../../lib/policy/policy_program.ts";
import { policyAddress } from "../../lib/policy/delegation.ts";
import { inFolder, needing, output, peer, until } from "../support/peers.ts";
import { withPolicyServer } from "../support/policy_server.ts";
import { question } from "../support/question.ts";

const accept = { type: "accept" };

Deno.test("PolicyProgram asks over one connection, kept for the next", () =>
  withPolicyServer(
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
  withPolicyServer(
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
  withPolicyServer(() => null, async (server) => {
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
  await withPolicyServer(
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
  withPolicyServer(
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
  withPolicyServer(
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
  await withPolicyServer(
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
  withPolicyServer(() => "action=" + "x".repeat(20_000), async (server) => {
    const program = server.program(20);
    assertEquals((await program.ask(question())).type, "later");
    program.close();
  }));

Deno.test("PolicyProgram asks many questions over few connections", () =>
  withPolicyServer(async (request) => {
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
  withPolicyServer(() => "", async (server) => {
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

Deno.test(
  needing(
    { peers: ["postgrey"], root: true },
    "PolicyProgram with a real postgrey: greylists, then accepts",
  ),
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
