/**
 * Logging in: the command AUTH (RFC 4954), its challenges, and who it was.
 *
 * @module
 */
import type { Login } from "../mail/answers.ts";
import type { Limits } from "./limits.ts";
import type { Replies } from "./replies.ts";
import {
  type Credentials,
  type Mechanism,
  mechanisms,
  SaslExchange,
  type Step,
} from "../mail/sasl.ts";

export type LoginStep =
  | { readonly type: "refused"; readonly reply: string }
  /** The next line is the client's response. */
  | { readonly type: "challenge"; readonly reply: string }
  | { readonly type: "authenticate"; readonly credentials: Credentials };

/**
 * What is said of an attempt, and whether it was one too many. One that could
 * not be decided is refused like others: it has cost as much.
 */
export type Verdict = {
  readonly type: "taken" | "refused" | "hangUp";
  readonly reply: string;
};

export class LoginDialogue {
  /** Who logged in; null for nobody. */
  user: string | null = null;
  #exchange: SaslExchange | null = null;
  #attempted: string | null = null;
  #failures = 0;

  constructor(readonly limits: Limits, readonly say: Replies) {}

  /** @param argument of AUTH: a mechanism, and perhaps a first response */
  begin(argument: string): LoginStep {
    const { say } = this;
    const [name, initial, ...more] = argument.split(/ +/);
    if (name === "" || more.length > 0) return refused(say.badArgument);
    const mechanism = name.toUpperCase();
    if (!isMechanism(mechanism)) return refused(say.unknownMechanism);
    this.#exchange = new SaslExchange(mechanism);
    return this.#next(this.#exchange.start(initial ?? null));
  }

  /** @param line the client's response to the last challenge */
  respond(line: string): LoginStep {
    return this.#next(this.#exchange!.answer(line));
  }

  /** What became of the credentials. */
  settle(login: Login): Verdict {
    const { say } = this;
    switch (login.type) {
      case "ok":
        this.user = this.#attempted;
        return { type: "taken", reply: say.loggedIn };
      case "later":
        return { type: "refused", reply: say.loginLater };
      case "bad":
        return ++this.#failures < this.limits.failedLogins
          ? { type: "refused", reply: say.badCredentials }
          : { type: "hangUp", reply: say.tooManyLogins };
    }
  }

  #next(step: Step): LoginStep {
    const { say } = this;
    switch (step.type) {
      case "challenge":
        return { type: "challenge", reply: say.challenge(step.text) };
      case "credentials":
        this.#attempted = step.credentials.user;
        return { type: "authenticate", credentials: step.credentials };
      case "cancelled":
        return refused(say.loginCancelled);
      case "malformed":
        return refused(say.badResponse);
    }
  }
}

function isMechanism(name: string): name is Mechanism {
  return (mechanisms as readonly string[]).includes(name);
}

function refused(reply: string): LoginStep {
  return { type: "refused", reply };
}
