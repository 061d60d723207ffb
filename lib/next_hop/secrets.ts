/**
 * What is read from files for next hops: passwords, and authorities that vouch
 * for certificates.
 *
 * @module
 */
import { isIP } from "node:net";
import { foldCase, fromBytes } from "../base/bytes.ts";
import { codeOf } from "../base/reason.ts";
import type { Credentials } from "../mail/sasl.ts";
import { everybodyMayRead } from "../sys/access.ts";
import { readHandedFile } from "../sys/handed_files.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";

/** Read by this process already, maybe with ids that it has given up since. */
const readBefore = new Set<string>();

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

  get paths(): string[] {
    return [this.authPath, this.authorityPath].filter((path) => path !== null);
  }

  /** Reads them at the start, once for all who share them. Throws as `read`. */
  prepare(): void {
    if (this.#read === null) this.read();
  }

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

  /**
   * What is wrong with the files now, each in a line. One that root alone may
   * read, and has read before it was given up, is as it should be.
   */
  problems(): string[] {
    const found: string[] = [];
    const authPath = seen(this.authPath),
      authorityPath = seen(this.authorityPath);
    try {
      new HopSecrets(authPath, authorityPath).read();
    } catch (error) {
      found.push((error as Error).message);
    }
    if (this.authPath !== null && everybodyMayRead(this.authPath)) {
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

/** The path, unless its file was read and cannot be any more. */
function seen(path: string | null): string | null {
  if (path === null || !readBefore.has(path)) return path;
  try {
    readNamedFile(path);
    return path;
  } catch (error) {
    return codeOf(error) === "EACCES" ? null : path;
  }
}

/** @param again whether it may be another file by now */
function readText(path: string, again: boolean): string {
  try {
    const bytes = readHandedFile(path, again) ?? readNamedFile(path);
    readBefore.add(path);
    return fromBytes(bytes);
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
    if (host !== "*" && !isIP(host) && !/^[\w.-]+$/.test(host)) {
      throw new Error(
        `${path}, line ${
          i + 1
        }: ${host} is no host: its name or address is wanted, and no port`,
      );
    }
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
