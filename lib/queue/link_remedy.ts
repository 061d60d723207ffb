/**
 * What a broker that cannot be reached means, where its words are a riddle.
 *
 * @module
 */

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /access.refused/i,
    "the user or the password is wrong: --queue-auth FILE has them",
  ],
  [
    /connectionopenok; got <connectionclose/i,
    "there is no such vhost, or the user may not enter it: " +
    "rabbitmqctl add_vhost, rabbitmqctl set_permissions",
  ],
  [
    /unknown.?issuer|self.signed|unable to (?:get|verify)/i,
    "--queue-ca FILE has the authority that vouches for the broker",
  ],
  [
    /notvalidforname|not valid for name|altnames|hostname/i,
    "the URL has to have the name that the certificate is for",
  ],
  [
    /corrupt message|wrong version number/i,
    "no TLS there: the port is another",
  ],
  [
    /causedasendentity/i,
    "the broker's certificate is an authority's own: it wants one that is " +
    "signed by that, with CA:FALSE",
  ],
  // All that newer runtimes tell of a handshake that has failed.
  [
    /write unknown/i,
    "TLS is not agreed upon: --queue-ca FILE has the authority that vouches " +
    "for the broker, and the URL the name that its certificate is for",
  ],
  [/socket closed abruptly/i, "what answers there is no broker of AMQP"],
];

/** A failure to connect, and what to type where that is known. */
export function explained(why: string): string {
  const remedy = remedies.find(([pattern]) => pattern.test(why))?.[1];
  return remedy === undefined ? why : `${why}: ${remedy}`;
}
