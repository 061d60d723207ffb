/**
 * Logging in to a server (RFC 4954), by PLAIN or else LOGIN.
 *
 * @module
 */
import { type Credentials, mechanisms } from "../mail/sasl.ts";

export class LoginSteps {
  readonly #lines: string[];

  private constructor(lines: string[]) {
    this.#lines = lines;
  }

  /** @returns null if the server offers neither */
  static begin(
    { user, password }: Credentials,
    offered: ReadonlySet<string>,
  ): LoginSteps | null {
    switch (mechanisms.find((each) => offered.has(each))) {
      case "PLAIN":
        return new LoginSteps([
          `AUTH PLAIN ${btoa(`\0${user}\0${password}`)}\r\n`,
        ]);
      case "LOGIN":
        return new LoginSteps([
          "AUTH LOGIN\r\n",
          `${btoa(user)}\r\n`,
          `${btoa(password)}\r\n`,
        ]);
      case undefined:
        return null;
    }
  }

  /** The next line to send; null when all is said. */
  next(): string | null {
    return this.#lines.shift() ?? null;
  }
}
