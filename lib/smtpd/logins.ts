/**
 * Who may log in, by a password file or by a program. Either is loaded when
 * somebody tries to.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { fromBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import type { Login } from "../mail/answers.ts";
import type { Credentials } from "../mail/sasl.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";

/** Who says whether a password is right. */
export interface LoginSource {
  /** Path of a password file. */
  readonly passwords: string | null;
  /** A checkpassword program and its arguments, parted by blanks. */
  readonly checkpassword: string | null;
}

/** Whether there is anybody who says it. */
export const mayLogIn = (
  { passwords, checkpassword, dovecotAuth }: LoginSource & {
    readonly dovecotAuth: unknown;
  },
): boolean =>
  passwords !== null || checkpassword !== null || dovecotAuth !== null;

/** Who that is, for the log. */
export const loginsBy = (
  { passwords, checkpassword }: LoginSource,
): string =>
  passwords !== null
    ? "passwords"
    : checkpassword !== null
    ? "checkpassword"
    : "dovecot";

/** Who wants to log in, and where the work is done. */
export interface LoginAttempt {
  /** The client's address. */
  readonly client: string;
  /** Whether others are served by this process: then a helper does it. */
  readonly isShared: boolean;
  readonly env: ProgramEnvironment;
  readonly emit: Emit;
}

/** Asks the password file if there is one, else the program. */
export async function authenticate(
  source: LoginSource,
  credentials: Credentials,
  { client, isShared, env, emit }: LoginAttempt,
): Promise<Login> {
  if (source.passwords !== null) {
    const later = (what: string, why: string): Login => {
      emit(trouble(`${what}: ${why}`));
      return { type: "later" };
    };
    let file: string;
    try {
      file = fromBytes(readNamedFile(source.passwords));
    } catch (error) {
      const what = `--passwords: unable to read ${source.passwords}`;
      return later(what, whyUnreadable(error));
    }
    const { hasPassword } = await import("../auth/password_file.ts");
    const what = `unable to check a password by ${source.passwords}`;
    const helper = isShared
      ? (await import("../helper/helpers.ts")).helperFor("passwords", emit)
      : undefined;
    try {
      const right = await hasPassword(file, credentials, {
        client,
        helper,
        complain: (why) => emit(trouble(`${what}: ${why}`)),
      });
      if (right === null) return { type: "later" };
      return right ? { type: "ok" } : { type: "bad" };
    } catch (error) {
      return later(what, reason(error)); // such as: out of memory
    }
  }
  const { checkpassword } = await import("../auth/checkpassword.ts");
  const args = source.checkpassword!.trim().split(/\s+/);
  return await checkpassword(args, env.entries(), credentials, emit);
}
