/**
 * What of serve's options inetd and xinetd can do, and what is refused.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { needing, output, postern } from "../support/peers.ts";

const program = ["0", "25", "smtpd", "--maildir", "/m"];

Deno.test(
  needing({}, "what they cannot do is refused with what to do instead"),
  async () => {
    for (
      const [supervisor, args, why] of [
        ["inetd", ["-x", "/etc/r.cdb"], /--rules: .*hosts\.allow/],
        ["xinetd", ["-x", "/etc/r.cdb"], /--rules: .*only_from/],
        ["inetd", ["-c", "9"], /--limit: .*xinetd/],
        ["xinetd", ["--rate", "1/2"], /--rate: .*cps/],
        ["xinetd", ["-6", "--per-ip", "2"], /--per-ip: .*IPv6/],
        ["inetd", ["-u", "0", "-g", "nogroup"], /--gid: .*--uid/],
        ["inetd", ["-u", "65534"], /--uid 65534: .*name/],
        ["inetd", ["-r"], /--remote-info: /],
        ["xinetd", ["-p"], /--paranoid: /],
        ["inetd", ["--metrics", "127.0.0.1:9"], /--metrics: .*--for systemd/],
        ["xinetd", ["--workers", "2"], /--workers: /],
        ["xinetd", ["--proxy-protocol", "10.0.0.1"], /--proxy-protocol: /],
        ["xinetd", ["--name", "a.b"], /--name a\.b: /],
      ] as const
    ) {
      const result = await output(postern, [
        ...["init-script", "--for", supervisor],
        ...[...args, ...program],
      ]);
      assertEquals([result.code, result.stdout], [100, ""]);
      assertMatch(result.stderr, why);
    }
    const words = Array.from({ length: 19 }, (_, i) => `a${i}`);
    for (
      const [supervisor, args, why] of [
        ["inetd", ["a b"], /"a b": .*script/],
        ["xinetd", [""], /"": .*script/],
        ["inetd", words, /20 words, and inetd takes 19/],
      ] as const
    ) {
      const result = await output(postern, [
        ...["init-script", "--for", supervisor, "0", "25", "/bin/echo"],
        ...args,
      ]);
      assertEquals([result.code, result.stdout], [100, ""]);
      assertMatch(result.stderr, why);
    }
  },
);

Deno.test(
  needing({}, "what xinetd can do is asked of it"),
  async () => {
    const { stdout } = await output(postern, [
      ...[
        "init-script",
        "--for",
        "xinetd",
        "-vRHD",
        "-c",
        "7",
        "--per-ip",
        "2",
      ],
      ...["-u", "nobody", "-g", "nogroup", "192.0.2.1", "smtp", "/bin/echo"],
    ]);
    for (
      const line of [
        "service smtp",
        "\tbind = 192.0.2.1",
        "\tflags = IPv4 NAMEINARGS NODELAY",
        "\tuser = nobody",
        "\tgroup = nogroup",
        "\tserver_args = echo",
        "\tinstances = 7",
        "\tper_source = 2",
        "\tlog_on_success = PID HOST EXIT DURATION",
      ]
    ) assert(stdout.split("\n").includes(line), `${line} in\n${stdout}`);
  },
);
