#!/bin/sh
exec /usr/bin/softlimit -m 128000000 \
     /usr/bin/tcpserver -v -R -H -l 0 -x /etc/tcprules.d/tcp.smtp.cdb -c 100 \
     -u 89 -g 89 0 smtp \
     /usr/bin/spamdyke --config-file /etc/spamdyke/spamdyke.conf \
     /var/qmail/bin/qmail-smtpd /home/vpopmail/bin/vchkpw /bin/true 2>&1
