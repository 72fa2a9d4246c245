# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command lines on which the curl tool is compared: what it is about, and the arguments. $site, $tls, … are servers;
'|' separates the reason why the two may differ (see test-curl-tool.py) and what to leave out of the comparison."""

LINES = '''
# GET
a file                         $site/bytes/1000
nothing in it                  $site/bytes/0
to a file                      -o out.txt $site/bytes/5000
to the name in the URL         -O $site/bytes/300/name.txt
to the name it is given        -OJ $site/named/given.txt
several, several names         -o a.txt $site/bytes/10 -o b.txt $site/bytes/20
a range of URLs                -o "part-#1.txt" $site/bytes/[1-5]
a set of URLs                  -o "kind-#1" $site/bytes/{10,20,30}
no globbing                    -g $site/bytes/5?a=[1-2]
into folders                   --create-dirs -o deep/er/file $site/bytes/9
into a folder                  --output-dir there --create-dirs -O $site/bytes/9/n
with the fields                -i $site/fields
fields alone                   -I $site/bytes/1000
fields to a file               -D fields.txt -o body.txt $site/bytes/77
fields of its own              -H "X-Mine: yes" -H "X-Empty;" -H "Accept:" $site/echo
fields from a file             -H @fields.in $site/echo
another agent and referer      -A me/1 -e http://from.example/ $site/echo
chunks                         -i $site/chunked/4500
chunks as they are             --raw $site/chunked/4500
no length                      $site/close/3000
ends too early                 -o part.txt $site/short/1000
ends without answer            $site/cut
no HTTP                        $site/garbage
HTTP 0.9 allowed               --http0.9 $site/garbage
coded, taken apart             --compressed $site/coded/gzip
coded, left as it is           -H "Accept-Encoding: gzip" -o coded.gz $site/coded/gzip
deflate                        --compressed -i $site/coded/deflate
HTTP 1.0                       -0 $site/bytes/50
query from data                -G -d a=1 -d b=2 $site/echo?z=0
query encoded                  -G --data-urlencode "q=a b&c" $site/echo
another method                 -X OPTIONS -i $site/echo
another target                 --request-target /echo/other $site/bytes/7
path as it is                  --path-as-is $site/../bytes/./8
dots taken out                 $site/x/../bytes/./8
a configuration                -K config.in
a fragment                     "$site/bytes/4#part"
an IDN that is not there       http://b\u00fccher.invalid:1/
no such scheme                 gopherx://127.0.0.1/
a malformed URL                http://127.0.0.1:99999999/
nobody listens                 http://127.0.0.1:$closed/
no such host                   http://nothing.invalid/
the limit of size              --max-filesize 10 -o out.txt $site/bytes/100
fails for a status             -f $site/status/404
fails, with the body           --fail-with-body $site/status/500
fails once of two              --fail-early -f $site/status/404 $site/bytes/5
a time limit                   -m 0.3 $site/stall
too slow                       --connect-timeout 5 -m 0.4 -o x $site/stall
resolve by hand                --resolve site.example:$port:127.0.0.1 http://site.example:$port/bytes/5
connect to another             --connect-to far.example:80:127.0.0.1:$port http://far.example/bytes/5
a file of the disk             file://$work/data.in
a part of the disk's           -r 5-9 file://$work/data.in
no such file of the disk       file://$work/missing

# progress
a meter                        --no-silent -o out.txt $site/bytes/5000
of more                        --no-silent -o out.txt $site/bytes/3000000
of nothing                     --no-silent -o out.txt $site/bytes/0
of no known length             --no-silent -o out.txt $site/close/3000
of chunks                      --no-silent -o out.txt $site/chunked/4500
of two                         --no-silent -o a.txt $site/bytes/10 -o b.txt $site/bytes/20
of an upload                   --no-silent -T data.in -o out.txt $site/echo
of a post                      --no-silent -d a=1 -d @data.in -o out.txt $site/echo
of a redirect                  --no-silent -L -o out.txt $site/to/302/bytes/50
of what ends early             --no-silent -o out.txt $site/short/1000
of nobody                      --no-silent -o out.txt http://127.0.0.1:$closed/
of no such host                --no-silent -o out.txt http://nothing.invalid/
with the fields alone          --no-silent -I -o out.txt $site/bytes/1000
with what fails                --no-silent -f -o out.txt $site/status/404
a bar                          --no-silent -# -o out.txt $site/bytes/5000
a bar of an upload             --no-silent -# -T data.in -o out.txt $site/echo
a bar of two                   --no-silent -# -o a.txt $site/bytes/10 -o b.txt $site/bytes/20
a bar of a redirect            --no-silent -# -L -o out.txt $site/to/302/bytes/50
no meter                       --no-silent --no-progress-meter -o out.txt $site/bytes/5000
a part, resumed                --no-silent -r 10-19 -o out.txt $site/bytes/1000

# ranges and resuming
a range                        -r 10-19 $site/bytes/100
the end                        -r -5 $site/bytes/100
ranges                         -r 0-1,5-6 -i $site/bytes/100
beyond the end                 -f -r 500- $site/bytes/100
goes on                        -C - -o half.in $site/bytes/100
goes on at a place             -C 90 -o tail.txt $site/bytes/100
if newer                       -z "Sat, 07 Nov 2026 10:20:30 GMT" -i $site/bytes/9
by tag                         --etag-compare tag.in --etag-save tag.out -i $site/bytes/9
time of the file               -R -o timed.txt $site/bytes/9

# PUT and POST
puts a file                    -T data.in $site/echo
puts into a folder             -T data.in $site/echo/
puts what is typed             -T - $site/echo < typed words
puts in chunks                 -T data.in -H "Transfer-Encoding: chunked" $site/echo
posts                          -d a=1 -d b=2 $site/echo
posts a file                   -d @data.in $site/echo
posts bytes                    --data-binary @bytes.in $site/echo
posts encoded                  --data-urlencode "name=a&b c" --data-urlencode "name@data.in" $site/echo
posts nothing                  -d "" $site/echo
posts JSON                     --json {"a":1} -g $site/echo
posts what is typed            -d @- $site/echo < typed
posts in chunks                -d abc -H "Transfer-Encoding: chunked" $site/echo
posts much                     --data-binary @big.in -o out.txt $site/echo
asks first                     --data-binary @big.in -H "Expect: 100-continue" -o out.txt $site/echo
is told no                     --data-binary @big.in -H "Expect: 100-continue" $site/expect
another method with data       -X PATCH -d x=1 $site/echo
a form                         -F name=value -F file=@data.in $site/echo
a form with types              -F "a=b;type=text/x" -F "f=@data.in;filename=other;type=image/x" $site/echo
a form from a file's words     -F "words=<data.in" $site/echo
a form of many files           -F "files=@data.in,bytes.in" $site/echo
a form of strings              --form-string "s=@no;type=x" $site/echo
a form in a form               -F "=(;type=multipart/mixed" -F "=inner" -F "=)" $site/echo

# redirects
stays                          -i $site/to/302/bytes/5
follows                        -L $site/to/302/bytes/5
follows with all fields        -iL $site/to/301/to/307/bytes/5
too many                       -L --max-redirs 2 $site/to/302/to/302/to/302/bytes/5
a POST becomes a GET           -L -d a=1 $site/to/302/echo
a POST stays one               -L -d a=1 $site/to/307/echo
a POST is kept                 -L --post302 -d a=1 $site/to/302/echo
a PUT again                    -L -T data.in $site/to/308/echo
no login elsewhere             -L -u user:secret $site/away/302/$other/echo
login elsewhere too            --location-trusted -u user:secret $site/away/302/$other/echo
only that scheme               -L --proto-redir =https $site/to/302/bytes/5

# cookies
sends some                     -b "a=1; b=2" $site/echo
from a file                    -b jar.in $site/echo
a jar                          -c jar.out $site/set/one/1 $site/echo
a jar there and back           -b jar.in -c jar.out $site/set/two/2 $site/echo
a new session                  -j -b jar.in $site/echo

# logins
Basic                          -u user:secret $site/basic
Basic, wrong                   -i -u user:wrong $site/basic
Digest                         --digest -u user:secret $site/digest
Digest with a body             --digest -u user:secret -d a=1 $site/digest
whichever                      --anyauth -u user:secret -i $site/digest
in the URL                     http://user:secret@127.0.0.1:$port/basic
a bearer                       --oauth2-bearer token $site/echo
netrc                          --netrc-file netrc.in $site/basic

# proxies
one                            -x $proxy $site/bytes/40
one by the environment         $site/bytes/40 ! http_proxy=$proxy
not for this one               --noproxy 127.0.0.1 -x http://127.0.0.1:$closed $site/bytes/40
a tunnel                       -p -x $proxy $site/bytes/40
a tunnel's fields              -p -x $proxy --proxy-header "X-P: 1" -i $site/bytes/40
a tunnel refused               -p -x $proxy http://forbidden/bytes/40
with login                     -x $locked -U user:secret $site/bytes/40
with login, tunnel             -p -x $locked -U user:secret $site/bytes/40
with Digest                    -x $digesting --proxy-digest -U user:secret $site/bytes/40
wrong login                    -x $locked -U user:wrong -i $site/bytes/40
TLS through it                 -x $proxy --cacert $ca $tls/bytes/40
a real one                     -x http://127.0.0.1:$tinyproxy $site/bytes/40
a real one's tunnel            -p -x http://127.0.0.1:$tinyproxy --cacert $ca $tls/bytes/40
SOCKS 4                        --socks4 127.0.0.1:$socks $site/bytes/40
SOCKS 4a                       --socks4a 127.0.0.1:$socks http://far.example:$port/bytes/40
SOCKS 5                        --socks5 127.0.0.1:$socks $site/bytes/40
SOCKS 5, names and login       -x socks5h://user:secret@127.0.0.1:$socks http://far.example:$port/bytes/40
SOCKS 5 at a socket            -x socks5h://localhost$sockssocket http://far.example:$port/bytes/40
SOCKS 5, wrong login           -x socks5h://user:wrong@127.0.0.1:$socks http://far.example:$port/bytes/40
nobody there                   -x http://127.0.0.1:$closed $site/bytes/4

# TLS
known                          --cacert $ca $tls/bytes/30
unknown                        $tls/bytes/30
whoever                        -k $tls/bytes/30
another name                   --cacert $ca --resolve wrong.example:$tlsport:127.0.0.1 https://wrong.example:$tlsport/
with a certificate             --cacert $ca --cert $client $certain/bytes/30
without one                    --cacert $ca --tls-max 1.2 $certain/bytes/30
a version                      --cacert $ca --tls-max 1.2 $tls/bytes/30
a pin                          --cacert $ca --pinnedpubkey $pin $tls/bytes/30
a wrong pin                    --cacert $ca --pinnedpubkey sha256//YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWI= $tls/bytes/30
no TLS there                   -k https://127.0.0.1:$port/bytes/30
a missing authority            --cacert missing.pem $tls/bytes/30
a POST                         --cacert $ca -d a=1 $tls/echo
a PUT                          --cacert $ca -T big.in -o out.txt $tls/echo
twice                          --cacert $ca -o a.txt $tls/bytes/30 -o b.txt $tls/bytes/31
from plain to TLS              -L --cacert $ca $nginx/secure/bytes/6

# HTTP/2
a file                         --cacert $ca -w "%{http_version}\\n" $h2/file-1
several                        --cacert $ca -w "%{http_version} %{num_connects}\\n" -o "#1" $h2/file-[1-5]
with fields                    --cacert $ca -i $h2/site/fields
a POST                         --cacert $ca -d a=1 $h2/site/echo
a PUT                          --cacert $ca -T data.in $h2/site/echo
a form                         --cacert $ca -F a=b -F f=@big.in -o out.txt $h2/site/echo
a login                        --cacert $ca -u user:secret $h2/site/basic
ranges                         --cacert $ca -r 5-9 $h2/file-9
not wanted                     --http1.1 --cacert $ca -w "%{http_version}" $h2/file-1
known beforehand               --http2-prior-knowledge -w "%{http_version}" $h2c/file-1
through a proxy                -x $proxy --cacert $ca -w "%{http_version}" $h2/file-1
fails                          -f --cacert $ca $h2/missing

# many at once
200 files                      -Z --parallel-max 50 -o "file-#1" $site/bytes/[1-200]
200 over HTTP/2                -Z --cacert $ca -o "file-#1" $h2/file-[1-200]
200 from a list                -Z -K many.in
one of them fails              -Z -f -o "kind-#1" $site/{bytes/5,status/404,bytes/6}
at once, at once               -Z --parallel-immediate -o "n-#1" $site/bytes/[1-20]

# again
again after 503                --retry 2 --retry-delay 1 $site/flaky/1/503
after what it asks for         --retry 1 -i $site/flaky/1/429
no hope                        --retry 1 --retry-delay 1 -f $site/flaky/5/500
not for 404                    --retry 2 --retry-delay 1 -f $site/flaky/1/404
any error                      --retry 1 --retry-delay 1 --retry-all-errors -f $site/flaky/1/404
nobody, still nobody           --retry 1 --retry-delay 1 --retry-connrefused http://127.0.0.1:$closed/

# what it tells
every variable                 -o out.txt -w @variables.in $site/to/302/bytes/9
every variable, followed       -L -o out.txt -w @variables.in $site/to/302/bytes/9
every variable of a failure    -w @variables.in http://127.0.0.1:$closed/x
every variable, a POST         -o out.txt -d a=1 -w @variables.in $site/echo
every variable, TLS            --cacert $ca -o out.txt -w @variables.in $tls/bytes/9
every variable, HTTP/2         --cacert $ca -o out.txt -w @variables.in $h2/file-9
every variable, a proxy        -p -x $proxy -o out.txt -w @variables.in $site/bytes/9
fields by name                 -o out.txt -w "%header{server} %header{x-many} %{onerror}bad" $site/fields
as JSON                        -o out.txt -w "%{json}\\n%{header_json}\\n" $site/bytes/9
to standard error              -o out.txt -w "%{stderr}%{http_code}" $site/status/201
only for errors                -f -w "%{onerror}%{exitcode} %{errormsg}\\n" $site/status/404
verbose                        -v $site/bytes/9
verbose, twice                 -v $site/bytes/9 $site/bytes/9
verbose, a POST                -v -d a=1 $site/echo
verbose, a redirect            -vL $site/to/302/bytes/9
verbose, a login               -v --digest -u user:secret $site/digest
verbose, a cookie              -v -b a=1 -c jar.out $site/set/one/1
verbose, a tunnel              -v -p -x $proxy $site/bytes/9
verbose, a tunnel of TLS       -v -x $proxy --cacert $ca $tls/bytes/9
verbose, TLS                   -v --cacert $ca $tls/bytes/9
verbose, unknown               -v $tls/bytes/9
verbose, HTTP/2                -v --cacert $ca $h2/file-1
verbose, nobody                -v http://127.0.0.1:$closed/
verbose, cut                   -v $site/cut
a trace                        --trace-ascii trace.out $site/bytes/20
a trace in hex                 --trace trace.out -d abc $site/echo
a library's code               --libcurl code.out -d abc $site/echo
'''

VARIABLES = '''content_type errormsg exitcode filename_effective ftp_entry_path http_code http_connect http_version
local_ip local_port method num_certs num_connects num_headers num_redirects proxy_ssl_verify_result redirect_url referer
remote_ip remote_port response_code scheme size_download size_header size_request size_upload speed_download
speed_upload ssl_verify_result time_appconnect time_connect time_namelookup time_pretransfer time_redirect
time_starttransfer time_total url url_effective urlnum certs json header_json'''

# Sentences of the real one, in the place of which ours has another: what the real one says (a regular expression), what
# ours says instead, and why.
NEWER = 'the words of later releases, whose interface ours is'
MORE = 'ours says more'
OTHER_TLS = 'OpenSSL says it there, GnuTLS here'
WORDS = [
    (r'transfer closed with (\d+) bytes remaining to read',
     r'end of response with \1 bytes missing; transfer closed with \1 bytes remaining to read', MORE),
    (r'(Protocol "gopherx" not supported) or disabled in libcurl', r'\1', NEWER),
    (r'Protocol "http" not supported or disabled in libcurl', 'Protocol "http" disabled in redirect', NEWER),
    (r'URL using bad/illegal format or missing URL',
     'URL rejected: Port number was not a decimal number between 0 and 65535', NEWER),
    (r"(Failed to connect to \S+ port \d+ after N ms: )Couldn't connect to server", r'\1Connection refused', MORE),
    (r"Couldn't open file", 'Could not open file', NEWER),
    (r'User was rejected by the SOCKS5 server \(1 1\)\.', 'SOCKS: user was rejected by the proxy', NEWER),
    (r'SSL certificate problem: (unable to get local issuer certificate)',
     r'server certificate verification failed: \1', OTHER_TLS),
    (r"matches target host name 'wrong.example'",
     "matches target host name 'wrong.example' (it is for: localhost, site.example, 127.0.0.1)", MORE),
    (r'OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to 127.0.0.1:\d+ ',
     'TLS connect error with 127.0.0.1: the handshake failed (GnuTLS error -110)', OTHER_TLS),
    (r'error setting certificate file: missing.pem', 'error reading ca cert file missing.pem', OTHER_TLS),
]

# Where the two may differ: in what, and why.
DIFFERS = {
    'TLS: without one': (('status', 'stderr'), 'a handshake that fails after the server asked for a certificate is '
                         'CURLE_SSL_CLIENTCERT in ours, with TLS 1.2 as with 1.3'),
    'PUT and POST: is told no': (('status', 'stdout', 'stderr', 'seen'), 'the real one asks with Expect until the end of '
                                 'all redirects; ours sends it without, as RFC 9110, section 10.1.1, has it'),
}
