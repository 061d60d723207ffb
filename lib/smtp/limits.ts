/**
 * How much a client may ask of one session.
 *
 * @module
 */

export interface Limits {
  /** Octets of a command line, its line end included. More: close. */
  readonly commandLineBytes: number;
  /** Octets of a path: in default mode with its brackets, as RFC 5321
   * 4.5.3.1.3 counts; in classic mode of the address, quoting removed. */
  readonly pathBytes: number;
  /** Octets of a line of text, its end not counted. More: refused. */
  readonly textLineBytes: number;
  /** Recipients of one message. */
  readonly recipients: number;
  /** Commands refused since the last message; at this many: close. */
  readonly errors: number;
  /** Log-ins with wrong credentials; at this many: close. */
  readonly failedLogins: number;
  /** Received and Delivered-To lines; at this many a message is looping. */
  readonly hops: number;
}

export const defaultLimits: Limits = {
  commandLineBytes: 2048, // Postfix; RFC 5321 4.5.3.1.4 wants 512 at least
  pathBytes: 256, // RFC 5321 4.5.3.1.3
  textLineBytes: 65535, // OpenSMTPD; RFC 5321 4.5.3.1.6 wants 998 at least
  recipients: 1000, // Postfix, OpenSMTPD; RFC 5321 4.5.3.1.8 wants 100 at least
  errors: 10,
  failedLogins: 3,
  hops: 100, // RFC 5321 6.3: "normally at least 100"
};

/**
 * qmail-smtpd's, where it has any. It lets command lines and recipients fill
 * the memory and then says so; here they are told the same at a fixed size.
 */
export const classicLimits: Limits = {
  commandLineBytes: 65536,
  pathBytes: 899,
  textLineBytes: Infinity,
  recipients: 10000,
  errors: Infinity,
  failedLogins: 3,
  hops: 100,
};
