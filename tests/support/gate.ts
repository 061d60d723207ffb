/**
 * A gate under test: a serve process that is started, asked and stopped.
 *
 * @module
 */
import { postern, until } from "./peers.ts";

export class TestGate {
  #stderr = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #read: Promise<void>;

  private constructor(
    readonly child: Deno.ChildProcess,
    /** One for each address it has. */
    readonly ports: readonly number[],
  ) {
    this.#reader = child.stderr.getReader();
    this.#read = this.#collect();
  }

  /**
   * Starts `postern serve -1 ...args` and waits for the port it prints. A
   * program in the place of `postern serve` gets -1 too, unless `asGiven`.
   */
  static async start(
    args: string[],
    options: {
      program?: string;
      asGiven?: boolean;
      cwd?: string;
      env?: Record<string, string>;
      clearEnv?: boolean;
    } = {},
  ): Promise<TestGate> {
    const { program, asGiven, ...rest } = options;
    const child = new Deno.Command(program ?? postern, {
      args: [
        ...(program ? [] : ["serve"]),
        ...(asGiven ? [] : ["-1"]),
        ...args,
      ],
      ...rest,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await reader.read();
      if (done) {
        const error = await new Response(child.stderr).text();
        throw new Error(`the gate did not start: ${error}`);
      }
      text += new TextDecoder().decode(value);
    }
    await reader.cancel();
    return new TestGate(child, text.trim().split("\n").map(Number));
  }

  get port(): number {
    return this.ports[0];
  }

  /** Everything it has said so far. */
  get log(): string {
    return this.#stderr;
  }

  /** Waits until the log has a match. */
  async logged(pattern: RegExp): Promise<void> {
    try {
      await until("a log line", () => pattern.test(this.#stderr));
    } catch {
      throw new Error(`no match of ${pattern} in:\n${this.#stderr}`);
    }
  }

  /** SIGTERM (or another one); resolves to the exit status. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    try {
      this.child.kill(signal);
    } catch {
      // It ended by itself; the status tells how.
    }
    const status = await this.child.status;
    // A program that it started may hold its stderr open for longer.
    const timer = setTimeout(() => this.#reader.cancel(), 1000);
    await this.#read;
    clearTimeout(timer);
    return status;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#stderr += decoder.decode(value, { stream: true });
    }
  }
}

/** Runs `fn` with a gate, which is stopped whatever happens. */
export async function withGate(
  args: string[],
  options: Parameters<typeof TestGate.start>[1],
  fn: (gate: TestGate) => Promise<void>,
): Promise<void> {
  const gate = await TestGate.start(args, options);
  try {
    await fn(gate);
  } finally {
    await gate.stop("SIGKILL");
  }
}
