/**
 * What an SMTP session needs from others: TLS, log-ins, answers of policies.
 * Each is loaded when it is first needed.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { Certificate, TlsServer } from "../net/tls.ts";
import { reason } from "../base/reason.ts";
import type { Login } from "../smtp/actions.ts";
import type { Credentials } from "../smtp/sasl.ts";
import type { Stream } from "../base/stream.ts";
import { readControl } from "./control_files.ts";
import { entries, type Environment } from "../ucspi/environment.ts";

/** The longest for a handshake; Postfix gives 300. */
const handshakeSeconds = 60;

/** The certificate, and the TLS server that has it. */
export class TlsAccess {
  #certificate: Certificate;
  #server: Promise<TlsServer> | null = null;

  /**
   * Reads the files. Done before root is given up, since only root may read a
   * key.
   *
   * @param paths of certificate and key, which may be one file
   * @param log takes a line for the administrator
   * @throws Error that says which file cannot be read, and why
   */
  constructor(
    readonly paths: { readonly cert: string; readonly key: string },
    readonly log: (line: string) => void,
  ) {
    this.#certificate = this.#read();
  }

  /** Reads the files again (HUP); without use for them, the old ones stay. */
  async refresh(): Promise<void> {
    try {
      const certificate = this.#read();
      const server = this.#serverOf(certificate);
      await server;
      this.#certificate = certificate;
      this.#server = server;
    } catch (error) {
      this.log(`${(error as Error).message}; the old certificate stays`);
    }
  }

  /** @throws Error that says why certificate and key cannot be used */
  async prepare(): Promise<void> {
    await this.#serve();
  }

  /**
   * Shakes hands; null if the client could not, or took too long.
   *
   * @param idleSeconds how long it may be silent anyway, 0 for ever
   */
  async secure(stream: Stream, idleSeconds: number): Promise<Stream | null> {
    let server: TlsServer;
    try {
      server = await this.#serve();
    } catch (error) {
      this.log((error as Error).message);
      return null;
    }
    const seconds = Math.min(handshakeSeconds, idleSeconds || handshakeSeconds);
    return await server.secure(stream, seconds).catch(() => null);
  }

  #serve(): Promise<TlsServer> {
    return this.#server ??= this.#serverOf(this.#certificate);
  }

  async #serverOf(certificate: Certificate): Promise<TlsServer> {
    const { TlsServer } = await import("../net/tls.ts");
    try {
      return new TlsServer(certificate);
    } catch (error) {
      throw new Error(`unable to use ${this.paths.cert}: ${reason(error)}`);
    }
  }

  #read(): Certificate {
    const pem = (path: string) => {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        throw new Error(`unable to read ${path}: ${reason(error)}`);
      }
    };
    return { cert: pem(this.paths.cert), key: pem(this.paths.key) };
  }
}

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
  env: Environment,
  log: (line: string) => void,
): Promise<Login> {
  if (source.passwords !== null) {
    const later = (what: string, error: unknown): Login => {
      log(`unable to ${what}: ${reason(error)}`);
      return { type: "later" };
    };
    let file: string;
    try {
      file = fromBytes(readControl(source.passwords));
    } catch (error) {
      return later(`read ${source.passwords}`, error);
    }
    const { hasPassword } = await import("../auth/password_file.ts");
    try {
      const right = await hasPassword(file, credentials);
      return right ? { type: "ok" } : { type: "bad" };
    } catch (error) {
      return later(`check a password by ${source.passwords}`, error);
    }
  }
  const { checkpassword } = await import("../auth/checkpassword.ts");
  const args = source.checkpassword!.trim().split(/\s+/);
  return await checkpassword(args, entries(env), credentials, log);
}
