/**
 * What is read from files for next hops: passwords, and authorities that vouch
 * for certificates.
 *
 * @module
 */
import { foldCase, fromBytes } from "../base/bytes.ts";
import type { Credentials } from "../mail/sasl.ts";
import { readHandedFile } from "../sys/handed_files.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";

/** Of a file's mode: everybody else. */
const othersMayRead = 0o004;

interface Read {
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly authorities: readonly string[];
}

export class HopSecrets {
  #read: Read | null = null;

  /** Paths; null for nothing. */
  constructor(
    readonly authPath: string | null,
    readonly authorityPath: string | null,
  ) {}

  /** Reads them, as only root may be able to. @throws Error that names a file */
  read(): void {
    const textOf = (path: string) => readText(path, this.#read !== null);
    this.#read = {
      credentials: this.authPath === null
        ? new Map()
        : credentialsIn(this.authPath, textOf(this.authPath)),
      authorities: this.authorityPath === null
        ? []
        : authoritiesIn(this.authorityPath, textOf(this.authorityPath)),
    };
  }

  /** @throws Error if they could not be read */
  credentials(host: string): Credentials | null {
    const { credentials } = this.#now;
    return credentials.get(foldCase(host)) ?? credentials.get("*") ?? null;
  }

  /** @throws Error if they could not be read */
  authorities(): readonly string[] {
    return this.#now.authorities;
  }

  /** What is wrong with the files now, each in a line. */
  problems(): string[] {
    const found: string[] = [];
    try {
      new HopSecrets(this.authPath, this.authorityPath).read();
    } catch (error) {
      found.push((error as Error).message);
    }
    if (this.authPath !== null && isOpenToAll(this.authPath)) {
      found.push(
        `${this.authPath}: everybody on this machine may read it: chmod o-r would do`,
      );
    }
    return found;
  }

  get #now(): Read {
    if (this.#read === null) this.read();
    return this.#read!;
  }
}

/** @param again whether it may be another file by now */
function readText(path: string, again: boolean): string {
  try {
    return fromBytes(readHandedFile(path, again) ?? readNamedFile(path));
  } catch (error) {
    throw new Error(`unable to read ${path}: ${whyUnreadable(error)}`);
  }
}

/** `HOST USER PASSWORD` lines, where a password may have blanks. */
function credentialsIn(path: string, text: string): Map<string, Credentials> {
  const found = new Map<string, Credentials>();
  text.split("\n").forEach((line, i) => {
    if (/^\s*(?:#|$)/.test(line)) return;
    const parts = /^\s*(\S+)\s+(\S+)\s+(.*?)\r?$/.exec(line);
    if (!parts) {
      throw new Error(
        `${path}, line ${i + 1}: wants HOST USER PASSWORD, with blanks between`,
      );
    }
    const [, host, user, password] = parts;
    const key = foldCase(host);
    if (!found.has(key)) found.set(key, { user, password });
  });
  return found;
}

function authoritiesIn(path: string, text: string): string[] {
  const found = text.match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  if (!found) throw new Error(`${path}: there is no certificate in PEM in it`);
  return found.map((each) => `${each}\n`);
}

function isOpenToAll(path: string): boolean {
  try {
    return (Deno.statSync(path).mode! & othersMayRead) !== 0;
  } catch {
    return false; // that it cannot be read is told already
  }
}
