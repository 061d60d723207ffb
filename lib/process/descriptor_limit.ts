/**
 * Whether the system lets this process have the descriptors that `-c` asks
 * for (getrlimit(2), RLIMIT_NOFILE).
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { Fatal } from "../base/fatal.ts";
import { descriptorLimit, raiseDescriptorLimit } from "../sys/rlimit.ts";

/** stdio, the event loop, a rules file being read: 14 were seen at rest. */
const ownDescriptors = 32;
/**
 * For each connection at least: its TLS, the pipes of a program that is asked
 * about a log-in or a recipient, sockets to those who know names and policies.
 * A target may want more.
 */
const leastPerConnection = 9;

const remedy = "raise the limit (ulimit -n, LimitNOFILE=) or lower";

/**
 * Raises the soft limit as far as it is needed and allowed: no further, as
 * programs inherit it, and some close every number up to it. What it cannot
 * have is said, but is no reason not to start: accepting pauses when there are
 * no descriptors, as at `-c`.
 *
 * @param limits `-c` of each gate
 * @param each what one of its connections may take
 * @throws Fatal when there are not enough to listen
 */
export function reserveDescriptors(
  limits: readonly number[],
  each: readonly number[],
  emit: Emit,
): void {
  const connections = limits.reduce((sum, limit) => sum + limit, 0);
  const own = ownDescriptors + limits.length;
  const wanted = limits.reduce(
    (sum, limit, i) => sum + limit * Math.max(leastPerConnection, each[i]),
    own,
  );
  let { soft, hard } = descriptorLimit();
  if (soft < wanted && soft < hard) {
    soft = raiseDescriptorLimit(Math.min(wanted, hard));
  }
  if (limits.length > 1 && own > soft) {
    throw new Fatal(
      100,
      `${limits.length} [[listen]] blocks need ${own} ` +
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
