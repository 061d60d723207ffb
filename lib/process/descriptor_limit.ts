/**
 * Whether the system lets this process have the descriptors that `-c` asks
 * for (getrlimit(2), RLIMIT_NOFILE).
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { Fatal } from "../base/fatal.ts";
import { descriptorLimit, raiseDescriptorLimit } from "../sys/limits.ts";

/** stdio, the event loop, a rules file being read: 14 were seen at rest. */
const ownDescriptors = 32;
/**
 * A connection; the two ends of its TLS; a queue program's three pipes; the
 * spool's three while results are found out. One with a mailbox for each of
 * many recipients takes more.
 */
const mostPerConnection = 9;

const remedy = "raise the limit (ulimit -n, LimitNOFILE=) or lower";

/**
 * Raises the soft limit as far as it is needed and allowed: no further, as
 * programs inherit it, and some close every number up to it. What it cannot
 * have is said, but is no reason not to start: accepting pauses when there are
 * no descriptors, as at `-c`.
 *
 * @param limits `-c` of each gate
 * @throws Fatal when there are not enough to listen
 */
export function reserveDescriptors(
  limits: readonly number[],
  emit: Emit,
): void {
  const connections = limits.reduce((sum, limit) => sum + limit, 0);
  const own = ownDescriptors + limits.length;
  const wanted = own + connections * mostPerConnection;
  let { soft, hard } = descriptorLimit();
  if (soft < wanted && soft < hard) {
    soft = raiseDescriptorLimit(Math.min(wanted, hard));
  }
  if (limits.length > 1 && own > soft) {
    throw new Fatal(
      100,
      `tcpserver: ${limits.length} [[listen]] blocks need ${own} ` +
        `descriptors, and the limit is ${soft}: ${remedy} their number`,
    );
  }
  if (own + connections > soft) {
    emit(trouble(
      `-c ${connections} needs ${own + connections} descriptors, ` +
        `and the limit is ${soft}: ${remedy} -c`,
    ));
  }
}
