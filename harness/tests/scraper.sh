#!/bin/sh
# scraper.sh - the scraper as a program: pages over HTTP and HTTPS, curl against the same site, errors,
# a terminal, and Ctrl-C.
#
# Everything happens on 127.0.0.1, on free ports. Whatever is started here is ended here, by its
# process id.
cd "$(dirname "$0")/../.." || exit 2
name=scraper
. harness/tests/checks

unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY SSL_CERT_FILE

# The same for a file that must contain some words.
has() { # words of the check, file, words
    if grep -qF -- "$3" "$2"; then
        is "$1" yes yes
    else
        is "$1" "$(tail -n 20 "$2")" "... $3 ..."
    fi
}

# A part of the machine that is not there: said, and not passed.
missing() { # what, which checks
    echo "FAIL $1 is missing: $2 were not made"
    failed=$((failed + 1))
}

# The program, built once; as students have it, with sanitizers, so that what is not freed shows.
checked="$work/submission"
rm -rf "$checked"
mkdir -p "$checked/chapters"
cp -r solutions/* "$checked/chapters/"
scrape() {
    timeout 120 "$workbook" demo --own --submission "$checked" --chapter 11 --name scrape -- "$@"
}

# Scrapes; the status is in $status, the output in out, what else it says in err.
run() {
    scrape "$@" >"$work/out" 2>"$work/err"
    status=$?
}

# The same in the background: its process id is in $child.
start() {
    "$workbook" demo --own --submission "$checked" --chapter 11 --name scrape -- "$@" \
        >"$work/out" 2>"$work/err" &
    child=$!
    started="$started $child"
}

# The site.
"$workbook" demo --chapter 11 --name site -- 0 >"$work/site.out" 2>&1 &
site=$!
started="$started $site"
url=$(after 'A site to try a scraper on: ' "$work/site.out")
is "the site says where it is" "${url:+yes}" yes

# Pages.
run "$url/page/3" "$url/shift-jis" "$url/big/2000000"
is "three pages come: status 0" "$status" 0
has "the first one's title" "$work/out" "  Title: Sample page - 3"
has "its links" "$work/out" "  Links: 3"
has "a title in Shift_JIS" "$work/out" "  Title: 日本語のページ"
has "a length with commas" "$work/out" "  Length: 2,000,000 characters"
has "the statistics" "$work/out" "Pages: 3"
is "nothing is said beside the report" "$(cat "$work/err")" ""

# Errors.
run "$url/half" "$url/page/1" "$url/circle" pizza "http://127.0.0.1:1/" "http://nobody.invalid/"
is "pages and errors: status 1" "$status" 1
has "the page is there" "$work/out" "  Title: Sample page - 1"
has "half a page" "$work/out" "  Error: the connection ended in the middle of the answer"
has "a circle of redirects" "$work/out" "  Error: too many redirects"
has "what is no URL" "$work/out" "  Error: not a URL: it does not begin with http:// or https://"
has "a port where nobody listens" "$work/out" "  Error: connection refused"
has "a name that nobody knows" "$work/out" "  Error: Could not resolve host"
run -t 1 "$url/silent"
is "a page that never comes: status 1" "$status" 1
has "and its reason" "$work/out" "  Error: not done in time"
run -c nonsense "$url/"
is "arguments that make no sense: status 2" "$status" 2
has "and how to do it" "$work/err" "usage: scrape"
if [ -w /dev/full ]; then
    scrape "$url/page/1" >/dev/full 2>"$work/err"
    is "a full disk: status 1" "$?" 1
    has "and its reason" "$work/err" "the report cannot be written"
fi

# Ctrl-C in the middle.
start "$url/page/2" "$url/silent" "$url/big/2000000000" "$url/drip/5000"
for _ in $(seq 600); do
    grep -q '^GET /drip/5000' "$work/site.out" && break
    sleep 0.1
done
sleep 1
kill -INT "$child"
end_of "$child"
is "Ctrl-C: status 130" "$status" 130
has "and says so" "$work/err" "interrupted; "
has "what had come is reported" "$work/out" "  Title: Sample page - 2"
is "nothing was left behind" "$(grep -c 'ERROR: \(Leak\|Address\)Sanitizer' "$work/err")" 0

# A terminal.
if command -v python3 >/dev/null 2>&1; then
    timeout 120 python3 harness/tests/scraper_terminal.py \
        "$workbook" demo --chapter 11 --name scrape -- "$url/slow/2500" "$url/slow/1000" >"$work/terminal" 2>&1
    has "on a terminal the progress is shown" "$work/terminal" "0 of 2 done, errors: 0, under way: 2"
    has "as it goes on" "$work/terminal" "1 of 2 done, errors: 0, under way: 1"
else
    missing python3 "the checks on a terminal and over TLS"
fi

# curl against the same site.
if command -v curl >/dev/null 2>&1; then
    is "curl reads a page of the site" \
        "$(curl -s --max-time 20 "$url/page/1" | grep -c 'Sample page - 1')" 1
    is "curl follows its redirects" \
        "$(curl -sL --max-time 20 -o "$work/curl" -w '%{http_code} %{num_redirects}' "$url/redirect/3")" "200 3"
    curl -s --max-time 20 -o "$work/curl" "$url/half"
    is "curl finds half a page to be half a page" "$?" 18
    is "one connection of curl's serves several requests" \
        "$(curl -s --max-time 20 -o "$work/curl" -o "$work/curl" -w '%{num_connects}' "$url/json" "$url/page/2")" 10
    curl -s --max-time 20 --compressed -o "$work/curl" "$url/gzip"
    is "curl unpacks the page that is compressed" "$(wc -c <"$work/curl" | tr -d ' ')" 3878
else
    missing curl "the checks with curl"
fi

# HTTPS, with a certificate of our own.
if command -v openssl >/dev/null 2>&1 && command -v python3 >/dev/null 2>&1; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.err"
    timeout 300 python3 harness/tests/scraper_tls.py "$work/certificate.pem" "$work/key.pem" \
        >"$work/tls.out" 2>&1 &
    tls=$!
    started="$started $tls"
    port=$(after 'port ' "$work/tls.out")
    SSL_CERT_FILE=$work/certificate.pem
    export SSL_CERT_FILE
    run "https://127.0.0.1:$port/" "https://localhost:$port/"
    unset SSL_CERT_FILE
    is "pages over HTTPS: status 0" "$status" 0
    has "and their title" "$work/out" "  Title: A page over TLS"
    run "https://127.0.0.1:$port/"
    is "a certificate that nobody trusts: status 1" "$status" 1
    has "and its reason" "$work/out" "certificate"
    run "https://${url#http://}/page/1"
    is "a server that does not speak TLS: status 1" "$status" 1
    run "http://127.0.0.1:$port/"
    is "one that speaks nothing else: status 1" "$status" 1
    kill "$tls"
    end_of "$tls"
else
    missing "openssl or python3" "the checks over TLS"
fi

# The end of the site, while a client is connected.
silent=$(grep -c '^GET /silent' "$work/site.out")
start "$url/silent"
for _ in $(seq 600); do
    [ "$(grep -c '^GET /silent' "$work/site.out")" -gt "$silent" ] && break
    sleep 0.1
done
kill -INT "$site"
end_of "$site"
is "Ctrl-C ends the site with status 0" "$status" 0
end_of "$child"
is "and the scraper hears of it: status 1" "$status" 1
has "with a reason" "$work/out" "  Error: the connection ended without an answer"

finish
