/**
 * The generated init script, run as init would run it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  inFolder,
  needing,
  output,
  peer,
  postern,
  until,
} from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

function freePort(): string {
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr;
  listener.close();
  return String(port);
}

async function withScript(
  port: string,
  fn: (
    call: (verb: string) => ReturnType<typeof output>,
    folder: string,
    text: string,
  ) => Promise<void>,
) {
  await inFolder(async (folder) => {
    const made = await output(postern, [
      ...["init-script", "--name", "test-smtpd", "--run-dir", `${folder}/run`],
      ...["-vRHl0", "--grace", "2", "127.0.0.1", port, "smtpd"],
      ...["--deliver", "discard", "--smtpgreeting", 'it\'s a "test" $HOME'],
    ]);
    assertEquals([made.code, made.stderr], [0, ""]);
    const script = `${folder}/init`;
    await Deno.writeTextFile(script, made.stdout);
    const call = (verb: string) => output("/bin/sh", [script, verb]);
    try {
      await fn(call, folder, made.stdout);
    } finally {
      await call("stop");
    }
  });
}

Deno.test(
  needing(
    { peers: ["shellcheck"] },
    "the script is clean, and has LSB's header",
  ),
  () =>
    withScript(freePort(), async (_call, folder, text) => {
      const check = (program: string, ...args: string[]) =>
        output(program, [...args, `${folder}/init`]);
      const syntax = await check("/bin/sh", "-n");
      assertEquals([syntax.code, syntax.stderr], [0, ""]);
      const lint = await check(peer("shellcheck")!);
      assertEquals([lint.code, lint.stdout], [0, ""]);
      assertMatch(text, /^### BEGIN INIT INFO\n# Provides: +test-smtpd\n/m);
      assertMatch(
        text,
        /^# Default-Start: +2 3 4 5\n# Default-Stop: +0 1 6\n/m,
      );
      assert(!/pkill|killall|\bps\b/.test(text), "it knows its processes");
    }),
);

Deno.test(
  needing({}, "start, status, reload, restart, stop, and each of them twice"),
  async () => {
    const port = freePort();
    await withScript(port, async (call, folder) => {
      assertEquals((await call("status")).code, 3);
      assertEquals((await call("stop")).code, 0);
      const started = await call("start");
      assertEquals([started.code, started.stderr], [0, ""]);
      const pid = /pid (\d+)/.exec(started.stdout)![1];

      const client = await SmtpClient.connect(Number(port));
      assertEquals(await client.reply(), '220 it\'s a "test" $HOME ESMTP\r\n');
      client.close();

      const again = await call("start");
      assertEquals([again.code, again.stdout], [
        0,
        `test-smtpd is already running, pid ${pid}\n`,
      ]);
      assertEquals((await call("status")).code, 0);
      assertEquals((await call("reload")).code, 0);
      assertEquals((await call("status")).stdout.includes(pid), true);

      const restarted = await call("restart");
      assertEquals([restarted.code, restarted.stderr], [0, ""]);
      const next = /started, pid (\d+)/.exec(restarted.stdout)![1];
      assert(next !== pid, "another process");
      assertEquals((await call("stop")).code, 0);
      assertEquals((await call("status")).code, 3);
      assertEquals([...Deno.readDirSync(`${folder}/run`)], []);
      assertEquals((await call("reload")).code, 7);
      assertEquals((await call("nonsense")).code, 2);
    });
  },
);

Deno.test(
  needing({}, "a number that was used again is nobody's to stop"),
  async () => {
    await withScript(freePort(), async (call, folder) => {
      const bystander = new Deno.Command("sleep", { args: ["60"] }).spawn();
      try {
        await Deno.mkdir(`${folder}/run`);
        await Deno.writeTextFile(
          `${folder}/run/test-smtpd.state`,
          `splogger ${bystander.pid} 1\nserve ${bystander.pid} 1\n`,
        );
        assertEquals((await call("status")).code, 1);
        assertEquals((await call("stop")).code, 0);
        Deno.kill(bystander.pid, "SIGCONT"); // throws if it is gone
        assertEquals((await call("start")).code, 0);
        assertEquals((await call("stop")).code, 0);
        Deno.kill(bystander.pid, "SIGCONT");
      } finally {
        bystander.kill("SIGKILL");
        await bystander.status;
      }
    });
  },
);

Deno.test(
  needing({}, "a service that was killed is dead, and can be started again"),
  async () => {
    const port = freePort();
    await withScript(port, async (call) => {
      const started = await call("start");
      Deno.kill(Number(/pid (\d+)/.exec(started.stdout)![1]), "SIGKILL");
      await until(
        "it is dead",
        async () => (await call("status")).code === 1,
      );
      assertEquals((await call("start")).code, 0);
      assertEquals((await call("status")).code, 0);
    });
  },
);

Deno.test(
  needing({}, "a port in use makes start fail, and leaves nothing running"),
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await withScript(String(listener.addr.port), async (call) => {
      const started = await call("start");
      assertEquals(started.code, 1);
      assertMatch(started.stderr, /^test-smtpd did not start; /);
      assertEquals((await call("status")).code, 3);
    });
    listener.close();
  },
);

Deno.test(
  needing({}, "a wrong command line is told when the script is made"),
  async () => {
    for (
      const [args, why] of [
        [["127.0.0.1", "25"], /usage/],
        [["-Z", "127.0.0.1", "25", "smtpd"], /illegal option -- Z/],
        [["--for", "launchd", "0", "25", "smtpd"], /--for knows sysv/],
        [["--name", "a b", "0", "25", "smtpd"], /--name wants/],
        [["--pidfile", "/x", "0", "25", "smtpd"], /--pidfile is the script's/],
      ] as const
    ) {
      const result = await output(postern, ["init-script", ...args]);
      assertEquals([result.code, result.stdout], [100, ""]);
      assertMatch(result.stderr, why);
    }
  },
);
