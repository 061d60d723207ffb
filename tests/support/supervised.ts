/**
 * A process that a supervisor keeps up: whenever it ends it is started again.
 *
 * @module
 */

/** So much of what it has said is kept. */
const keptCharacters = 20_000;
const pauseMs = 300;

export class Supervised {
  #child: Deno.ChildProcess | null = null;
  #isStopped = false;
  readonly #life: Promise<void>;
  /** What it has said lately. */
  log = "";
  starts = 0;

  constructor(
    readonly name: string,
    readonly program: string,
    readonly args: readonly string[],
  ) {
    this.#life = this.#run();
  }

  /** @returns false if it is just being started again */
  signal(name: Deno.Signal): boolean {
    try {
      this.#child?.kill(name);
      return this.#child !== null;
    } catch {
      return false; // it has just ended
    }
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.signal("SIGCONT");
    this.signal("SIGKILL");
    await this.#life;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.starts++;
      const child = this.#child = new Deno.Command(this.program, {
        args: [...this.args],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const decoder = new TextDecoder();
      for await (const bytes of child.stderr) {
        const text = decoder.decode(bytes, { stream: true });
        this.log = (this.log + text).slice(-keptCharacters);
      }
      await child.status;
      this.#child = null;
      await new Promise((over) => setTimeout(over, pauseMs));
    }
  }
}
