#!/bin/sh
exec tcpserver -vRHl0 -u 1003 -g 102 0 25 rblsmtpd -r bl.example.org \
  setuidgid qmaild /opt/house/filter --strict qmail-smtpd 2>&1
