/**
 * The certificate that the administrator has named, and the TLS server that
 * shows it.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import { type Emit, trouble } from "../base/events.ts";
import type { Stream } from "../base/stream.ts";
import { readHandedFile } from "../sys/handed_files.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";
import type { Certificate, CertificatePaths } from "./certificate.ts";
import type { TlsServer } from "./tls_server.ts";

/** The longest for a handshake; Postfix gives 300. */
const handshakeSeconds = 60;

/** What a connection takes for its TLS, where the runtime's is a pair. */
export const tlsDescriptors = 2;

export class TlsAccess {
  #certificate: Certificate;
  #server: Promise<TlsServer> | null = null;

  /**
   * Reads the files. Done before root is given up, since only root may read a
   * key.
   *
   * @param paths of certificate and key, which may be one file
   * @param emit is told of troubles
   * @param hostName what clients know us as; null while nobody says
   * @throws Error that says which file cannot be read, and why
   */
  constructor(
    readonly paths: CertificatePaths,
    readonly emit: Emit,
    readonly hostName: () => string | null = () => null,
  ) {
    this.#certificate = this.#read(false);
  }

  /** Reads the files again (HUP); without use for them, the old ones stay. */
  async refresh(): Promise<void> {
    try {
      const certificate = this.#read(true);
      const server = this.#serverOf(certificate);
      await server;
      this.#certificate = certificate;
      this.#server = server;
    } catch (error) {
      this.emit(
        trouble(`${(error as Error).message}; the old certificate stays`),
      );
      return;
    }
    await this.#tellFaults();
    await this.#tellTaken();
  }

  /** @throws Error that says why certificate and key cannot be used */
  async prepare(): Promise<void> {
    await this.#serve();
    await this.#tellFaults();
    await this.#tellTaken();
  }

  /** That it is shown from now on. */
  async #tellTaken(): Promise<void> {
    const { validUntil } = await import("./certificate_faults.ts");
    this.emit({
      type: "certificate.taken",
      path: this.paths.cert,
      until: validUntil(this.#certificate.cert),
    });
  }

  /** Of the certificate in use: it is shown in spite of them. */
  async #tellFaults(): Promise<void> {
    const { certificateFaults } = await import("./certificate_faults.ts");
    const { cert } = this.#certificate;
    for (const fault of certificateFaults(cert, this.hostName(), Date.now())) {
      this.emit(trouble(`${this.paths.cert}: ${fault}`));
    }
  }

  /**
   * Shakes hands. From the call on the stream belongs to what comes of it;
   * null, and a line in the log, if it came to nothing: then it is closed.
   *
   * @param idleSeconds how long the client may be silent anyway, 0 for ever
   * @param clientIp for the log
   * @param connection for the log, too, where there is one
   */
  async secure(
    stream: Stream,
    idleSeconds: number,
    clientIp: string,
    connection: Connection | null = null,
  ): Promise<Stream | null> {
    const { around } = stream;
    if (around !== undefined) {
      const { beneath } = around;
      const secured = await this.secure(
        beneath,
        idleSeconds,
        clientIp,
        connection,
      );
      return secured && around.again(secured);
    }
    stream.paused = true; // the handshake's first bytes are not for others
    let server: TlsServer;
    try {
      server = await this.#serve();
    } catch (error) {
      stream.close();
      this.emit(trouble((error as Error).message));
      return null;
    }
    const seconds = Math.min(handshakeSeconds, idleSeconds || handshakeSeconds);
    try {
      return await server.secure(stream, seconds);
    } catch (error) {
      const { message } = error as Error;
      this.emit({
        type: "tls.failed",
        ip: clientIp,
        connection,
        reason: message,
      });
      return null;
    }
  }

  #serve(): Promise<TlsServer> {
    return this.#server ??= this.#serverOf(this.#certificate);
  }

  async #serverOf(certificate: Certificate): Promise<TlsServer> {
    const { tlsServer } = await import("./tls.ts");
    try {
      return await tlsServer(certificate);
    } catch (error) {
      const { whyUnusable } = await import("./certificate.ts");
      throw new Error(whyUnusable(certificate, this.paths, error));
    }
  }

  /** @param again whether they have been read before */
  #read(again: boolean): Certificate {
    const pem = (path: string) => {
      try {
        const bytes = readHandedFile(path, again) ?? readNamedFile(path);
        return new TextDecoder().decode(bytes);
      } catch (error) {
        throw new Error(`unable to read ${path}: ${whyUnreadable(error)}`);
      }
    };
    return { cert: pem(this.paths.cert), key: pem(this.paths.key) };
  }
}
