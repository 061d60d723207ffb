/**
 * Certificates whose keys are root's, for workers that are not: the process
 * that stays behind with root reads them again on SIGHUP, or when their files
 * change, and hands on what can be used.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import type { NeededCertificate } from "../base/reach.ts";
import {
  fileToHand,
  type HandedFiles,
  rewriteFile,
} from "../sys/handed_files.ts";
import { couldRead } from "../sys/ids.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";
import type { ProcessOptions } from "./options.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How often the files are looked at. */
const lookMs = 1000;

/** Those that the ids which will serve cannot read, and we can. */
export function rootsCertificates(
  all: readonly NeededCertificate[],
  { gid, uid }: ProcessOptions,
): NeededCertificate[] {
  if (Deno.uid() !== 0) return [];
  return all.filter(({ cert, key }) =>
    [cert, key].some((path) => exists(path) && !couldRead(path, gid, uid))
  );
}

export class CertificateKeeper {
  /** What was handed on, by path. */
  readonly files: HandedFiles;
  /** What the files were when they were last read. */
  #read: string;
  /** What they were at the last look. */
  #seen: string;

  /**
   * Reads them.
   *
   * @param emit is told of renewals that cannot be used
   * @throws Error that says what cannot be read
   */
  constructor(
    readonly certificates: readonly NeededCertificate[],
    readonly emit: Emit,
  ) {
    this.#read = this.#seen = this.#identity();
    const paths = certificates.flatMap(({ cert, key }) => [cert, key]);
    this.files = new Map(
      [...new Set(paths)].map((path) => [path, fileToHand(bytesOf(path))]),
    );
  }

  /** Reads them again; the old ones stay where the new are of no use. */
  async renew(): Promise<void> {
    this.#read = this.#seen = this.#identity();
    for (const certificate of this.certificates) {
      try {
        const { cert, key } = certificate;
        const pair: [string, Bytes][] = [
          [cert, bytesOf(cert)],
          [key, bytesOf(key)],
        ];
        await checkUsable(certificate, pair);
        for (const [path, bytes] of pair) {
          rewriteFile(this.files.get(path)!, bytes);
        }
      } catch (error) {
        const { message } = error as Error;
        this.emit(trouble(`${message}; the old certificate stays`));
      }
    }
  }

  /**
   * Renews them when the files have changed, and have stayed so for a while:
   * certificate and key are not replaced at once.
   *
   * @param onRenewed is told afterwards
   * @returns what ends it
   */
  watch(onRenewed: () => void): () => void {
    const timer = setInterval(async () => {
      const now = this.#identity();
      const isSettled = now === this.#seen;
      this.#seen = now;
      if (!isSettled || now === this.#read) return;
      await this.renew();
      onRenewed();
    }, lookMs);
    return () => clearInterval(timer);
  }

  #identity(): string {
    return this.certificates.flatMap(({ cert, key }) => [cert, key])
      .map(identityOf).join();
  }
}

/** @throws Error that says why they cannot be used */
async function checkUsable(
  paths: NeededCertificate,
  pair: readonly (readonly [string, Bytes])[],
): Promise<void> {
  const { checkCertificate, whyUnusable } = await import(
    "../net/certificate.ts"
  );
  const [cert, key] = pair.map(([, bytes]) => new TextDecoder().decode(bytes));
  try {
    checkCertificate({ cert, key });
  } catch (error) {
    throw new Error(whyUnusable({ cert, key }, paths, error));
  }
}

function bytesOf(path: string): Bytes {
  try {
    return readNamedFile(path);
  } catch (error) {
    throw new Error(`unable to read ${path}: ${whyUnreadable(error)}`);
  }
}

function exists(path: string): boolean {
  return identityOf(path) !== "";
}

/** Of what a path leads to; empty if that is nowhere. */
function identityOf(path: string): string {
  try {
    const { dev, ino, size, mtime } = Deno.statSync(path);
    return [dev, ino, size, mtime?.getTime()].join(":");
  } catch {
    return ""; // it will be there again
  }
}
