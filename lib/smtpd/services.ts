/**
 * What an SMTP session needs from others.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Emit } from "../base/events.ts";
import type { Stream } from "../base/stream.ts";
import type { Target } from "../deliver/target.ts";
import type { Answer, Login, LoginAnswer } from "../mail/answers.ts";
import type { Inquiry, LoginWord } from "../smtp/actions.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import type { Credentials } from "../mail/sasl.ts";

/** Who does what a session cannot do itself. None of them ever rejects. */
export interface Services {
  readonly target: Target;
  /** Who is served, for what is told of it. */
  readonly connection: Connection;
  /** What a program would have for the connection. */
  readonly env: ProgramEnvironment;
  readonly emit: Emit;
  /** Counts replies, by the first digit of their codes. */
  readonly replies: number[];
  ask(inquiry: Inquiry): Promise<Answer>;
  authenticate(credentials: Credentials): Promise<Login>;
  /** Where somebody else has the exchange of a log-in: what he says. */
  passOn?(word: LoginWord): Promise<LoginAnswer>;
  /** The client wants no more of it, or has gone. */
  cancelLogin?(): void;
  /** Who decides log-ins, for the log. */
  readonly loginsBy?: string | undefined;
  /** TLS on the stream; null if that did not come about. */
  secure(stream: Stream): Promise<Stream | null>;
}

/** How long a client may take. 0 is for ever. */
export interface Patience {
  /** Without input or output. */
  readonly idleSeconds: number;
  /** For the whole session. */
  readonly sessionSeconds: number;
  /** Bytes a second of message text, on an average. */
  readonly textBytesPerSecond: number;
}
