#!/bin/sh
# Two gates in one script, each with its log.
for user in qmaild; do :; done
tcpserver -vRHl0 -u 1003 -g 102 -x /etc/a.cdb 192.0.2.1 25 qmail-smtpd 2>&1 | multilog t ./a &
tcpserver -vRHl0 -u 1003 -g 102 -x /etc/b.cdb 192.0.2.2 587 qmail-smtpd mx /bin/checkpassword true 2>&1 | setuidgid qmaill multilog t ./b &
wait
