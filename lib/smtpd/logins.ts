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

/** Asks the password file if there is one, else the program. */
export async function authenticate(
  source: LoginSource,
  credentials: Credentials,
  env: ProgramEnvironment,
  emit: Emit,
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
    try {
      const right = await hasPassword(file, credentials);
      return right ? { type: "ok" } : { type: "bad" };
    } catch (error) {
      const what = `unable to check a password by ${source.passwords}`;
      return later(what, reason(error));
    }
  }
  const { checkpassword } = await import("../auth/checkpassword.ts");
  const args = source.checkpassword!.trim().split(/\s+/);
  return await checkpassword(args, env.entries(), credentials, emit);
}
