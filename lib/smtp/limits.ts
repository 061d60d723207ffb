/**
 * How much a client may ask of one session.
 *
 * @module
 */

export interface Limits {
  /** Octets of a command line, its line end included. More: close. */
  readonly commandLineBytes: number;
  /** The same of AUTH, and of a client's responses in it. */
  readonly loginLineBytes: number;
  /** Octets of a path: in default mode with its brackets, as RFC 5321
   * 4.5.3.1.3 counts; in classic mode of the address, quoting removed. */
  readonly pathBytes: number;
  /** Octets of a line of text, its end not counted. More: refused. */
  readonly textLineBytes: number;
  /** Recipients of one message. */
  readonly recipients: number;
  /** Bytes of their addresses. More: refused, as if they were too many. */
  readonly recipientBytes: number;
  /** Commands refused since the last message; at this many: close. */
  readonly errors: number;
  /** Recipients refused since the last message: after so many each of them
   * makes the client wait, after ten times as many there is room for none. */
  readonly refusedRecipients: number;
  /** Commands since the last message that brought none nearer; after so many:
   * close. */
  readonly harmlessCommands: number;
  /** Log-ins with wrong credentials; at this many: close. */
  readonly failedLogins: number;
  /** Received and Delivered-To lines; at this many a message is looping. */
  readonly hops: number;
}

/** 10,000 recipients of 300 bytes; 1000 of the longest paths are a tenth. */
const recipientBytes = 3_000_000;

export const defaultLimits: Limits = {
  commandLineBytes: 2048, // Postfix; RFC 5321 4.5.3.1.4 wants 512 at least
  loginLineBytes: 12288, // RFC 4954 4.
  pathBytes: 256, // RFC 5321 4.5.3.1.3
  textLineBytes: 65535, // OpenSMTPD; RFC 5321 4.5.3.1.6 wants 998 at least
  recipients: 1000, // Postfix, OpenSMTPD; RFC 5321 4.5.3.1.8 wants 100 at least
  recipientBytes,
  errors: 10,
  refusedRecipients: 100, // half an old list of the least RFC 5321 wants taken
  harmlessCommands: 300, // Postfix 100; here NOOP every 4 s of 20 minutes
  failedLogins: 3,
  hops: 100, // RFC 5321 6.3: "normally at least 100"
};

/**
 * qmail-smtpd's, where it has any. It lets command lines and recipients fill
 * the memory and then says so; here they are told the same at a fixed size.
 */
export const classicLimits: Limits = {
  commandLineBytes: 65536,
  loginLineBytes: 65536, // there is no AUTH
  pathBytes: 899,
  textLineBytes: Infinity,
  recipients: 10000,
  recipientBytes,
  errors: Infinity,
  refusedRecipients: Infinity,
  harmlessCommands: Infinity,
  failedLogins: 3,
  hops: 100,
};
