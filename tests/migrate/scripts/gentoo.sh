#!/bin/sh
. /etc/default/smtpd
exec /usr/bin/softlimit ${SOFTLIMIT_OPTS} \
	/usr/bin/tcpserver -p -v -R -l 0 ${TCPSERVER_OPTS} -x ${TCPSERVER_RULESCDB} \
	-c ${MAXSMTPD:-40} -u ${QMAILDUID} -g ${NOFILESGID} \
	0 smtp ${QMAIL_TCPSERVER_PRE} ${QMAIL_SMTP_PRE} qmail-smtpd ${QMAIL_SMTP_POST} 2>&1
