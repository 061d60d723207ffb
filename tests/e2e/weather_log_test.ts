/**
 * Bad weather: a log that nobody reads, or whose reader comes and goes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { programs, quiet } from "../support/weather.ts";

/** Lines of one served connection with -v, and that of the start. */
const linesEach = 5, linesAtStart = 1;

const formats = {
  text: {
    whole:
      /^tcpserver: (status: \d+\/40|pid \d+ from 127\.0\.0\.1|ok \d+ 0:127\.0\.0\.1:\d+ :127\.0\.0\.1::\d+|end \d+ status \d+|warning: \d+ log lines dropped)$/,
    dropped: /^tcpserver: warning: (\d+) log lines dropped$/,
  },
  json: {
    whole: /^\{"time":"[^"]+","event":"(status|pid|ok|end|dropped)",.*\}$/,
    dropped: /^\{"time":"[^"]+","event":"dropped","lines":(\d+)\}$/,
  },
} as const;

/** A gate whose stderr is a FIFO; the first reader holds it, and reads nothing. */
class FifoGate {
  #read = "";
  #cat: Deno.ChildProcess | undefined;

  private constructor(
    readonly fifo: string,
    readonly child: Deno.ChildProcess,
    readonly port: number,
    readonly holder: Deno.FsFile,
  ) {}

  static async start(folder: string, args: string[]): Promise<FifoGate> {
    const fifo = `${folder}/log`;
    assertEquals((await output("mkfifo", [fifo])).code, 0);
    const child = new Deno.Command("/bin/sh", {
      args: [
        ...["-c", `exec "$@" 2>${fifo}`, "sh", postern, "serve", "-1", "-v"],
        ...[...quiet, ...args],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const holder = await Deno.open(fifo); // sh waits for it
    const { value } = await child.stdout.getReader().read();
    const port = Number(new TextDecoder().decode(value));
    return new FifoGate(fifo, child, port, holder);
  }

  async serve(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const client = await SmtpClient.connect(this.port);
      assertMatch(await client.reply(), /^220/);
      client.close();
    }
  }

  /** Lets the log be read from now on; resolves when it is. */
  async read(): Promise<void> {
    this.#cat = new Deno.Command("cat", {
      args: [this.fifo],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of this.#cat!.stdout) {
        this.#read += decoder.decode(bytes, { stream: true });
      }
    })();
    // Opening it to write waits for a reader.
    (await Deno.open(this.fifo, { write: true })).close();
  }

  /** Whole lines that have been read. */
  get lines(): string[] {
    return this.#read.split("\n").slice(0, -1);
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    assertEquals((await this.child.status).code, 0);
  }

  async end(): Promise<void> {
    for (const child of [this.child, this.#cat]) {
      try {
        child?.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child?.status;
    }
  }
}

function withFifoGate(
  args: string[],
  fn: (gate: FifoGate) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const gate = await FifoGate.start(folder, args);
    try {
      await fn(gate);
    } finally {
      await gate.end();
    }
  });
}

for (const [name, program] of programs) {
  for (const format of ["text", "json"] as const) {
    const { whole, dropped } = formats[format];
    const args = ["--log-format", format, "127.0.0.1", "0", ...program];

    /** Every line that was written or counted as dropped is accounted for. */
    const expectAll = async (gate: FifoGate, served: number) => {
      const countOf = (line: string) => dropped.exec(line)?.[1];
      let lost = 0;
      await until("every line is read, or counted", () => {
        const counts = gate.lines.map(countOf);
        lost = counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
        const kept = counts.filter((count) => count === undefined).length;
        return lost + kept === linesAtStart + served * linesEach;
      });
      for (const line of gate.lines) assertMatch(line, whole);
      return lost;
    };

    Deno.test(
      needing({}, `a log's reader that comes back, ${format}: ${name}`),
      () =>
        withFifoGate(args, async (gate) => {
          await gate.serve(3);
          gate.holder.close(); // EPIPE from now on
          await gate.serve(20);
          await gate.read();
          await gate.serve(3);
          assert(await expectAll(gate, 26) > 0, "some were written to nobody");
          await gate.stop();
        }),
    );

    Deno.test(
      needing({}, `a full log that is read later, ${format}: ${name}`),
      () =>
        withFifoGate(args, async (gate) => {
          // More than a pipe's 64 KB.
          await gate.serve(400);
          await gate.read();
          assertEquals(await expectAll(gate, 400), 0);
          gate.holder.close();
          await gate.stop();
        }),
    );

    Deno.test(
      needing({}, `a full log that is never read, ${format}: ${name}`),
      () =>
        withFifoGate(args, async (gate) => {
          await gate.serve(400);
          await gate.stop();
          const text = await new Response(gate.holder.readable).text();
          const lines = text.trimEnd().split("\n");
          assert(lines.length > 100);
          for (const line of lines) assertMatch(line, whole);
        }),
    );

    if (name !== "built-in smtpd") continue;
    Deno.test(
      needing({}, `a full log drops lines and counts them, ${format}`),
      () =>
        withFifoGate(args, async (gate) => {
          const served = runs(10_000, 7000);
          await gate.serve(served);
          await gate.read();
          assert(await expectAll(gate, served) > 0);
          await gate.serve(1);
          await expectAll(gate, served + 1);
          gate.holder.close();
          await gate.stop();
        }),
    );
  }
}

Deno.test(
  needing({ peers: ["python3"] }, "a log that does not block loses nothing"),
  () =>
    inFolder(async (folder) => {
      // O_NONBLOCK belongs to the pipe: whoever shares it may set it.
      const script = `
import os, subprocess, sys
read, write = os.pipe()
os.set_blocking(write, False)
gate = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=write)
os.close(write)
port = gate.stdout.readline().decode().strip()
print(port, flush=True)
sys.stdin.readline()
with open(read, "rb") as log:
    first = log.read(60000)
    gate.terminate()
    sys.stdout.buffer.write(first + log.read())
sys.exit(gate.wait())
`;
      const served = 600;
      const child = new Deno.Command("python3", {
        args: [
          ...["-c", script, postern, "serve", "-1", "-v", ...quiet],
          ...["127.0.0.1", "0", ...programs[0][1]],
        ],
        cwd: folder,
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      const decoder = new TextDecoder();
      let text = "";
      while (!text.includes("\n")) {
        text += decoder.decode((await reader.read()).value);
      }
      for (let i = 0; i < served; i++) {
        const client = await SmtpClient.connect(Number(text));
        assertMatch(await client.reply(), /^220/);
        client.close();
      }
      await child.stdin.getWriter().close();
      let log = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        log += decoder.decode(value, { stream: true });
      }
      assertEquals((await child.status).code, 0);
      const lines = log.trimEnd().split("\n");
      for (const line of lines) assertMatch(line, formats.text.whole);
      assertEquals(lines.length, linesAtStart + served * linesEach);
    }),
);
