/**
 * Logging in: the command AUTH (RFC 4954), its challenges, and who it was.
 *
 * @module
 */
import type { Login } from "../mail/answers.ts";
import type { LoginWord } from "./actions.ts";
import type { Limits } from "./limits.ts";
import type { Replies } from "./replies.ts";
import {
  type Credentials,
  isBase64,
  type Mechanism,
  mechanisms,
  SaslExchange,
  type Step,
  userNamed,
} from "../mail/sasl.ts";

export type LoginStep =
  | { readonly type: "refused"; readonly reply: string }
  /** The next line is the client's response. */
  | { readonly type: "challenge"; readonly reply: string }
  | { readonly type: "authenticate"; readonly credentials: Credentials }
  /** Somebody else has the exchange. */
  | { readonly type: "passOn"; readonly word: LoginWord }
  /** The client wants no more of it, and whoever has it is to be told. */
  | { readonly type: "cancel"; readonly reply: string }
  /** As good as wrong credentials, without anybody's being asked. */
  | { readonly type: "bad" };

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
  /** What he may send as, where whoever knows him has said it. */
  senders: readonly string[] = [];
  /** Of the last attempt. */
  mechanism = "";
  #exchange: SaslExchange | null = null;
  #attempted: string | null = null;
  #failures = 0;

  /**
   * @param passedOn the mechanisms of whoever has the exchange; not there: we
   *   have it
   */
  constructor(
    readonly limits: Limits,
    readonly say: Replies,
    readonly passedOn?: (() => readonly string[]) | undefined,
  ) {}

  /** As EHLO names them. */
  get mechanisms(): readonly string[] {
    return this.passedOn?.() ?? mechanisms;
  }

  /** Whom the last attempt was for, as far as the client has said it. */
  get attempted(): string {
    return this.#attempted ?? "";
  }

  /** @param argument of AUTH: a mechanism, and perhaps a first response */
  begin(argument: string): LoginStep {
    const { say } = this;
    const [name, initial, ...more] = argument.split(/ +/);
    if (name === "" || more.length > 0) return refused(say.badArgument);
    const mechanism = name.toUpperCase();
    if (!this.mechanisms.includes(mechanism)) {
      return refused(say.unknownMechanism);
    }
    this.mechanism = mechanism;
    this.#attempted = null;
    if (this.passedOn) return this.#passOn(initial ?? null, "begin");
    this.#exchange = new SaslExchange(mechanism as Mechanism);
    return this.#next(this.#exchange.start(initial ?? null));
  }

  /** @param line the client's response to the last challenge */
  respond(line: string): LoginStep {
    if (!this.passedOn) return this.#next(this.#exchange!.answer(line));
    if (line !== "*") return this.#passOn(line, "respond");
    return { type: "cancel", reply: this.say.loginCancelled };
  }

  /** What became of the credentials. */
  settle(login: Login): Verdict {
    const { say } = this;
    switch (login.type) {
      case "ok":
        this.user = login.user ?? this.attempted;
        this.senders = login.senders ?? [];
        return { type: "taken", reply: say.loggedIn };
      case "later":
        return { type: "refused", reply: say.loginLater };
      case "bad":
        return ++this.#failures < this.limits.failedLogins
          ? { type: "refused", reply: say.badCredentials }
          : { type: "hangUp", reply: say.tooManyLogins };
    }
  }

  /** @param said in base64, null for nothing */
  #passOn(said: string | null, type: "begin" | "respond"): LoginStep {
    const response = type === "begin" && said === "=" ? "" : said;
    if (response !== null && !isBase64(response)) {
      const reply = this.say.badResponse;
      return type === "begin" ? refused(reply) : { type: "cancel", reply };
    }
    const { mechanism } = this;
    this.#attempted ??= userNamed(mechanism, response ?? "");
    return {
      type: "passOn",
      word: type === "begin"
        ? { type, mechanism, response }
        : { type, response: response! },
    };
  }

  #next(step: Step): LoginStep {
    const { say } = this;
    switch (step.type) {
      case "challenge":
        return { type: "challenge", reply: say.challenge(step.text) };
      case "credentials":
        this.#attempted = step.credentials.user;
        return { type: "authenticate", credentials: step.credentials };
      case "otherIdentity":
        this.#attempted = step.user;
        return { type: "bad" };
      case "cancelled":
        return refused(say.loginCancelled);
      case "malformed":
        return refused(say.badResponse);
    }
  }
}

function refused(reply: string): LoginStep {
  return { type: "refused", reply };
}
