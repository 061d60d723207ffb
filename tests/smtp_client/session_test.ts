import { assert, assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import type { ClientAction } from "../../lib/smtp_client/actions.ts";
import type { Beginning } from "../../lib/smtp_client/beginning.ts";
import {
  type ClientConfig,
  ClientSession,
} from "../../lib/smtp_client/session.ts";

const plain: ClientConfig = {
  protocol: "smtp",
  name: "gate.example",
  startTls: "offered",
  credentials: null,
  mayLogInClear: false,
  xclient: false,
};

const client = {
  ip: "192.0.2.1",
  port: 4321,
  host: "sender.example",
  helo: "he+lo",
  user: null,
  protocol: "ESMTP",
  local: { ip: "192.0.2.2", port: 25 },
} as const;

const beginning: Beginning = {
  sender: "a@b.example",
  sizeBytes: 0,
  eightBit: false,
  utf8: false,
  client,
};

/** An action in a line, as a dialogue has it. */
function shown(action: ClientAction): string {
  switch (action.type) {
    case "send":
      return `C: ${action.text.replace(/\r\n/g, "|")}`;
    case "answered":
      return action.refusal
        ? `refused ${action.refusal.code} ${action.refusal.enhanced} ${action.refusal.text}`
        : "taken";
    case "refused":
    case "lost": {
      const { code, enhanced, text } = action.refusal;
      return `${action.type} ${code} ${enhanced} ${text}`;
    }
    case "delivered":
      return `delivered ${
        action.outcomes.map((each) =>
          each.type === "stored" ? `stored ${each.id}` : `${each.code}`
        ).join(", ")
      }`;
    default:
      return action.type;
  }
}

type Act = string | ((session: ClientSession) => ClientAction[]);

/** Lines of the server, with what comes of each. */
function dialogue(
  config: Partial<ClientConfig>,
  lines: readonly (readonly [Act, ...string[]])[],
): void {
  for (const size of [1, 3, 10_000]) {
    const session = new ClientSession({ ...plain, ...config });
    for (const [act, ...expected] of lines) {
      const found: string[] = [];
      if (typeof act === "string") {
        const bytes = toBytes(act.replaceAll("|", "\r\n"));
        for (let at = 0; at < bytes.length; at += size) {
          found.push(
            ...session.ingest(bytes.slice(at, at + size)).map(shown),
          );
        }
      } else found.push(...act(session).map(shown));
      assertEquals(found, expected, `${act} in pieces of ${size}`);
    }
  }
}

const begin: Act = (session) => session.begin(beginning);
const rcpt = (address: string): Act => (session) => session.recipient(address);
const data: Act = (session) => session.data();
const ends: Act = (session) => session.textEnds();

const greeted = [
  ["220 hop ESMTP|", "C: EHLO gate.example|"],
  ["250-hop|250 PIPELINING|", "ready"],
] as const;

Deno.test("a message goes over, and another on the same connection", () => {
  const message: [Act, ...string[]][] = [
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d.example"), "C: RCPT TO:<c@d.example>|"],
    ["250 ok|250 ok|", "taken"],
    [rcpt("e@d.example"), "C: RCPT TO:<e@d.example>|"],
    ["550-5.1.1 no|550 5.1.1 such user|", "refused 550 5.1.1 no such user"],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
    [ends],
    ["250 2.0.0 queued as 1|", "delivered stored queued as 1", "ready"],
  ];
  dialogue({}, [...greeted, ...message, ...message]);
});

Deno.test("without PIPELINING one command waits for the other", () => {
  dialogue({}, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["502 what|", "C: HELO gate.example|"],
    ["250 hop|", "ready"],
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d.example")],
    ["250 ok|", "C: RCPT TO:<c@d.example>|"],
    ["250 ok|", "taken"],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
  ]);
});

Deno.test("a sender that is refused is refused with each recipient", () => {
  for (const offers of ["250-hop|250 PIPELINING|", "250 hop|"]) {
    const isPipelined = offers.includes("PIPELINING");
    const refused = "refused 553 5.7.1 not you";
    dialogue({}, [
      ["220 hop|", "C: EHLO gate.example|"],
      [offers, "ready"],
      [begin, "C: MAIL FROM:<a@b.example>|"],
      [rcpt("c@d"), ...(isPipelined ? ["C: RCPT TO:<c@d>|"] : [])],
      ["553 5.7.1 not you|", ...(isPipelined ? [] : [refused])],
      ...(isPipelined ? [["503 MAIL first|", refused] as const] : []),
      [(session) => session.reset(), "C: RSET|"],
      ["250 ok|", "ready"],
    ]);
  }
});

Deno.test("LMTP has an outcome for each recipient that was taken", () => {
  dialogue({ protocol: "lmtp" }, [
    ["220 hop|", "C: LHLO gate.example|"],
    ["250-hop|250 PIPELINING|", "ready"],
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d"), "C: RCPT TO:<c@d>|"],
    [rcpt("e@d"), "C: RCPT TO:<e@d>|"],
    [rcpt("f@d"), "C: RCPT TO:<f@d>|"],
    [
      "250 ok|250 ok|452 4.2.2 full|250 ok|",
      "taken",
      "refused 452 4.2.2 full",
      "taken",
    ],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
    [ends],
    ["250 saved|"],
    ["552 5.2.2 over quota|", "delivered stored saved, 552", "ready"],
  ]);
});

Deno.test("what LMTP has said of a recipient holds when it goes amid the others", () => {
  const upToText: [Act, ...string[]][] = [
    ["220 hop|", "C: LHLO gate.example|"],
    ["250-hop|250 PIPELINING|", "ready"],
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d"), "C: RCPT TO:<c@d>|"],
    [rcpt("e@d"), "C: RCPT TO:<e@d>|"],
    [rcpt("f@d"), "C: RCPT TO:<f@d>|"],
    ["250 ok|250 ok|250 ok|250 ok|", "taken", "taken", "taken"],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
    [ends],
    ["250 saved|"],
  ];
  dialogue({ protocol: "lmtp" }, [
    ...upToText,
    [
      "421 4.3.2 going|",
      "delivered stored saved, 451, 451",
      "lost 451 4.3.2 going",
    ],
  ]);
  dialogue({ protocol: "lmtp" }, [
    ...upToText,
    [
      (session) => session.ended(),
      "delivered stored saved, 451, 451",
      "lost 451 4.4.2 the next hop hung up when it had the message, which " +
      "may come twice",
    ],
  ]);
});

Deno.test("LMTP has no older greeting", () => {
  dialogue({ protocol: "lmtp" }, [
    ["220 hop|", "C: LHLO gate.example|"],
    ["500 what|", "lost 451 4.4.0 the next hop answers our name with 500 what"],
  ]);
});

Deno.test("TLS begins where it is offered, and what was known is forgotten", () => {
  dialogue({}, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250-PIPELINING|250 STARTTLS|", "C: STARTTLS|"],
    ["220 go|", "startTls"],
    [(session) => session.encrypted(), "C: EHLO gate.example|"],
    ["250 hop|", "ready"],
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d")],
  ]);
});

Deno.test("what was said in the clear is not heard after it", () => {
  dialogue({}, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250 STARTTLS|", "C: STARTTLS|"],
    [
      "220 go|2",
      "startTls",
      "lost 451 4.5.0 the next hop said what was not due: no reply",
    ],
  ]);
});

Deno.test("where TLS has to be, it is not done without", () => {
  const lost = "lost 451 4.7.4 the next hop offers no TLS";
  dialogue({ startTls: "always" }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250 hop|", lost],
  ]);
  dialogue({ startTls: "always" }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250 STARTTLS|", "C: STARTTLS|"],
    ["454 4.7.0 not now|", lost],
  ]);
  dialogue({ startTls: "offered" }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250 STARTTLS|", "C: STARTTLS|"],
    ["454 4.7.0 not now|", "ready"],
  ]);
});

Deno.test("a password goes over where it is safe, by what is offered", () => {
  const credentials = { user: "u", password: "p" };
  dialogue({ credentials, mayLogInClear: true }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250 AUTH LOGIN PLAIN|", "C: AUTH PLAIN AHUAcA==|"],
    ["235 2.7.0 ok|", "ready"],
  ]);
  dialogue({ credentials, mayLogInClear: true }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250 AUTH=LOGIN|", "C: AUTH LOGIN|"],
    ["334 VXNlcm5hbWU6|", "C: dQ==|"],
    ["334 UGFzc3dvcmQ6|", "C: cA==|"],
    [
      "535 5.7.8 no|",
      "lost 451 4.4.0 the next hop answers our log-in with 535 no",
    ],
  ]);
  dialogue({ credentials }, [
    ["220 hop|", "C: EHLO gate.example|"],
    [
      "250-hop|250 AUTH PLAIN|",
      "lost 451 4.7.0 the next hop gets no password without TLS",
    ],
  ]);
});

Deno.test("XCLIENT tells of a client, once for several messages", () => {
  dialogue({ xclient: true }, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250-PIPELINING|250 XCLIENT NAME ADDR HELO LOGIN|", "ready"],
    [
      begin,
      "C: XCLIENT NAME=sender.example ADDR=192.0.2.1 HELO=he+2Blo LOGIN=[UNAVAILABLE]|",
    ],
    [rcpt("c@d")],
    ["220 hop|", "C: EHLO gate.example|"],
    [
      "250-hop|250 PIPELINING|",
      "C: MAIL FROM:<a@b.example>|",
      "C: RCPT TO:<c@d>|",
    ],
    ["250 ok|250 ok|", "taken"],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
    [ends],
    ["250 ok|", "delivered stored ok", "ready"],
    [begin, "C: MAIL FROM:<a@b.example>|"],
  ]);
});

Deno.test("parameters go where they are known, and are not left out", () => {
  const wide = { ...beginning, sizeBytes: 9, eightBit: true, utf8: true };
  dialogue({}, [
    ["220 hop|", "C: EHLO gate.example|"],
    ["250-hop|250-SIZE 1|250-8BITMIME|250 SMTPUTF8|", "ready"],
    [
      (session) => session.begin(wide),
      "C: MAIL FROM:<a@b.example> SIZE=9 BODY=8BITMIME SMTPUTF8|",
    ],
  ]);
  for (
    const [offer, refused] of [
      ["8BITMIME", "refused 550 5.6.7 the next hop does not take SMTPUTF8"],
      ["SMTPUTF8", "refused 554 5.6.3 the next hop does not take 8BITMIME"],
    ]
  ) {
    dialogue({}, [
      ["220 hop|", "C: EHLO gate.example|"],
      [`250-hop|250 ${offer}|`, "ready"],
      [(session) => session.begin(wide)],
      [rcpt("c@d"), refused],
    ]);
  }
});

Deno.test("a refusal is the next hop's, without what could harm", () => {
  const refusals: [said: string, heard: string][] = [
    ["421 4.3.2 closing", "refused 451 4.3.2 closing"],
    ["450 greylisted", "refused 450 4.0.0 greylisted"],
    ["455 4.5.4 not now", "refused 451 4.5.4 not now"],
    ["551 user not local", "refused 554 5.0.0 user not local"],
    ["552 5.2.2 full", "refused 552 5.2.2 full"],
    ["550 2.1.5 odd", "refused 550 5.0.0 2.1.5 odd".replace("2.1.5 ", "")],
    ["550 a\x1b[31m\x80b", "refused 550 5.0.0 a?[31m?b"],
    ["550", "refused 550 5.0.0 refused"],
    // About how we speak, or who we are: nobody's mail is returned for it.
    [
      "530 5.7.0 log in first",
      "refused 451 4.3.5 the next hop said 530 log in first",
    ],
    ["503 5.5.1 what", "refused 451 4.3.5 the next hop said 503 what"],
  ];
  for (const [said, heard] of refusals) {
    const session = new ClientSession(plain);
    session.ingest(toBytes("220 hop\r\n"));
    session.ingest(toBytes("250-hop\r\n250 PIPELINING\r\n"));
    session.begin(beginning);
    session.recipient("c@d");
    session.ingest(toBytes("250 ok\r\n"));
    const [first] = session.ingest(toBytes(`${said}\r\n`)).map(shown);
    assertEquals(first, heard);
    assertEquals(session.isLost, said.startsWith("421"));
  }
});

Deno.test("what was not due ends the connection", () => {
  const dialogues: (readonly [Act, ...string[]])[][] = [
    [[
      "HTTP/1.1 400|",
      "lost 451 4.5.0 the next hop said what was not due: no reply",
    ]],
    [[
      "220-a|221 b|",
      "lost 451 4.5.0 the next hop said what was not due: no reply",
    ]],
    [...greeted, [
      "250 hello?|",
      "lost 451 4.5.0 the next hop said what was not due: 250",
    ]],
    [...greeted, [
      "421 4.4.2 idle for too long|",
      "lost 451 4.4.2 idle for too long",
    ]],
    [
      ...greeted,
      [begin, "C: MAIL FROM:<a@b.example>|"],
      [
        "354 go on|",
        "lost 451 4.5.0 the next hop said what was not due: 354",
      ],
    ],
  ];
  for (const each of dialogues) dialogue({}, each);
});

Deno.test("a reply has an end, and a line too", () => {
  for (const endless of ["250-x\r\n".repeat(200), `250-${"x".repeat(5000)}`]) {
    const session = new ClientSession(plain);
    session.ingest(toBytes("220 hop\r\n"));
    session.ingest(toBytes(endless));
    assert(session.isLost);
  }
});

Deno.test("a hang-up, or silence, after the end of the text says that it may come twice", () => {
  for (const end of ["ended", "late"] as const) {
    const session = new ClientSession(plain);
    session.ingest(toBytes("220 hop\r\n"));
    session.ingest(toBytes("250-hop\r\n250 PIPELINING\r\n"));
    session.begin(beginning);
    session.recipient("c@d");
    session.ingest(toBytes("250 ok\r\n250 ok\r\n"));
    session.data();
    session.ingest(toBytes("354 go\r\n"));
    session.textEnds();
    const [action] = session[end]();
    assert(action.type === "lost" && action.refusal.type === "later");
    assert(/may come twice/.test(action.refusal.text));
  }
});

Deno.test("what is refused in the middle of a text is what became of it", () => {
  dialogue({}, [
    ...greeted,
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d"), "C: RCPT TO:<c@d>|"],
    ["250 ok|250 ok|", "taken"],
    [data, "C: DATA|"],
    ["354 go|", "goAhead"],
    ["552 5.3.4 too big|", "lost 552 5.3.4 too big"],
  ]);
});

Deno.test("text that is not wanted leaves a connection of use", () => {
  dialogue({}, [
    ...greeted,
    [begin, "C: MAIL FROM:<a@b.example>|"],
    [rcpt("c@d"), "C: RCPT TO:<c@d>|"],
    ["250 ok|250 ok|", "taken"],
    [data, "C: DATA|"],
    ["451 4.3.1 no room|", "refused 451 4.3.1 no room", "C: RSET|"],
    ["250 ok|", "ready"],
  ]);
});
