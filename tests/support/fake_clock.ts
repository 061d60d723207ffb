/**
 * A wall clock that a test sets as it likes, for a process that it starts
 * (Debian's faketime). It stands still; what measures time by the monotonic
 * clock goes on.
 *
 * @module
 */
import { existsSync } from "node:fs";

/** Where Debian has the library, by machine. */
const libraries = ["x86_64", "aarch64"].map((each) =>
  `/usr/lib/${each}-linux-gnu/faketime/libfaketimeMT.so.1`
);

export class FakeClock {
  readonly #path: string;

  private constructor(readonly folder: string) {
    this.#path = `${folder}/clock`;
  }

  /** @param at as of Date.parse() */
  static async at(at: string, folder: string): Promise<FakeClock> {
    const clock = new FakeClock(folder);
    await clock.set(at);
    return clock;
  }

  /** For the process whose clock it is to be. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: libraries.find((each) => existsSync(each))!,
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_FMT: "%s",
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  async set(at: string): Promise<void> {
    const whole = `${this.#path}.new`;
    await Deno.writeTextFile(whole, `${Date.parse(at) / 1000}`);
    await Deno.rename(whole, this.#path);
  }
}
