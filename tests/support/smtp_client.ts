/**
 * An SMTP client that does exactly what a test says, right or wrong.
 *
 * @module
 */

/** Milliseconds; longer than any deadline that a test waits for. */
const patience = 20_000;

class SilentServer extends Error {
  override message = "the server neither answered nor closed";
}

export class SmtpClient {
  #buffer = "";

  private constructor(public conn: Deno.Conn) {}

  /** For a connection that is there already. */
  static over(conn: Deno.Conn): SmtpClient {
    return new SmtpClient(conn);
  }

  static async connect(port: number): Promise<SmtpClient> {
    return new SmtpClient(
      await Deno.connect({ hostname: "127.0.0.1", port }),
    );
  }

  /**
   * Shakes hands, after the reply to STARTTLS. What came unasked before that
   * is no TLS, so it is a failure here as with any client.
   *
   * @param caCert PEM of the one certificate that is trusted
   */
  async encrypt(caCert: string): Promise<void> {
    if (this.#buffer !== "") {
      throw new Error(`said before the handshake: ${this.#buffer}`);
    }
    const secured = await Deno.startTls(this.conn as Deno.TcpConn, {
      hostname: "localhost",
      caCerts: [caCert],
    });
    this.conn = secured;
    await secured.handshake();
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    let rest = typeof bytes === "string"
      ? new TextEncoder().encode(bytes)
      : bytes;
    while (rest.length > 0) {
      rest = rest.subarray(await this.conn.write(rest));
    }
  }

  /** The next reply, all of its lines; "" when the server has closed. */
  reply(): Promise<string> {
    return this.#next(/^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/);
  }

  /** The next line of whatever the server says. */
  line(): Promise<string> {
    return this.#next(/^[^\n]*\n/);
  }

  /** All that comes until the server closes. */
  rest(): Promise<string> {
    return this.#next(/(?!)/);
  }

  /** The next bytes that match; what there is when the server has closed. */
  async #next(whole: RegExp): Promise<string> {
    for (;;) {
      const found = whole.exec(this.#buffer);
      if (found) {
        this.#buffer = this.#buffer.slice(found[0].length);
        return found[0];
      }
      const bytes = new Uint8Array(4096);
      let n: number | null;
      try {
        n = await this.#read(bytes);
      } catch (error) {
        if (error instanceof SilentServer) throw error;
        n = null; // a reset is an end too
      }
      if (n === null) {
        const rest = this.#buffer;
        this.#buffer = "";
        return rest;
      }
      this.#buffer += new TextDecoder().decode(bytes.subarray(0, n));
    }
  }

  /** A server that says nothing at all fails the test instead of hanging it. */
  async #read(bytes: Uint8Array): Promise<number | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SilentServer()), patience);
    });
    try {
      return await Promise.race([this.conn.read(bytes), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  async ask(line: string): Promise<string> {
    await this.send(line + "\r\n");
    return await this.reply();
  }

  close(): void {
    try {
      this.conn.close();
    } catch {
      // The server was quicker.
    }
  }
}
