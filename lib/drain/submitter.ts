/**
 * Who handed a message in, as targets want to know it.
 *
 * @module
 */
import type { Submitter } from "../deliver/target.ts";
import { asProgram, ownEnvironment } from "../ucspi/environment.ts";
import type { Work } from "./work.ts";

/** For programs; the client's own has stayed with its gate. */
const env = asProgram(ownEnvironment());

export function submitterOf({ facts, isAgain }: Work): Submitter {
  const { id, acceptedAt, client: { ip, host, helo, user, protocol } } = facts;
  return {
    ...{ helo, user, protocol, id, env, tls: null },
    session: id.replace(/-[^-]*$/, ""),
    connection: {
      // Which address of ours it came to is not told; of the same family.
      local: { ip: ip.includes(":") ? "::" : "0.0.0.0", port: 0 },
      remote: { ip, port: 0 },
      ...{ localHost: null, remoteHost: host, remoteInfo: null },
      ...{ variables: [], encrypted: false },
    },
    once: { seconds: Math.floor(acceptedAt / 1000), isAgain },
  };
}
