#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The two larger applications that are shipped: built, packed and deployed one after the other; what is written through
# the page is in the database and comes back.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../lib.sh"
new_home

# deploy NAME OPTION…: its package is built when it is not there yet; its address is left in $URL.
deploy() {
    local name=$1 start=$SECONDS
    shift
    if [ ! -f "$E2E_DIR/$name.ova" ]; then
        "$MUSTER" pack "$SOURCE_DIR/templates/$name" -o "$E2E_DIR/$name.ova"
        say "$name is packed after $((SECONDS - start)) s"
    fi
    start=$SECONDS
    "$MUSTER" up "$E2E_DIR/$name.ova" "$@"
    URL=$(url_of "$name")
    say "$name is up after $((SECONDS - start)) s"
}

say "lamp: Apache with PHP, MariaDB"
deploy lamp --set web.title="Wishes from e2e"
wait_for_page "$URL" "Wishes from e2e"
expect 0 curl -sS -o /dev/null -w '%{http_code}' --data-urlencode "name=Ada" --data-urlencode "wish=tea & <cake> für alle" "$URL"
expect_text 303
wait_for_page "$URL" "<b>Ada</b> wishes tea &amp; &lt;cake&gt; für alle"
expect 0 curl -fsS "$URL?format=json"
[ "$(json 'x[0]["wish"]' <<<"$OUTPUT")" = "tea & <cake> für alle" ] || fail "another wish came back: $OUTPUT"
expect 0 curl -sS -o /dev/null -w '%{http_code}' --data-urlencode "wish= " "$URL"
expect_text 400
say "a title that is changed while it runs"
expect 0 "$MUSTER" kv set lamp web title 'Changed "title"'
wait_for_page "$URL" "Changed &quot;title&quot;"
"$MUSTER" down lamp
assert_nothing_left

say "java-shop: HAProxy, Java, PostgreSQL"
deploy java-shop --set app.title="Shop from e2e"
wait_for_page "$URL" "Shop from e2e"
expect 0 curl -fsS "${URL}products"
stock=$(json '[p["stock"] for p in x if p["id"] == 1][0]' <<<"$OUTPUT")
expect 0 curl -sS -o /dev/null -w '%{http_code}' -d "product=1&quantity=2" --data-urlencode "customer=Grace <H>" "${URL}orders"
expect_text 303
wait_for_page "$URL" "for Grace &lt;H&gt;"
expect 0 curl -fsS "${URL}orders"
[ "$(json '(x[0]["quantity"], x[0]["customer"])' <<<"$OUTPUT")" = "(2, 'Grace <H>')" ] || fail "another order came back: $OUTPUT"
expect 0 curl -fsS "${URL}products"
[ "$(json '[p["stock"] for p in x if p["id"] == 1][0]' <<<"$OUTPUT")" = $((stock - 2)) ] || fail "the stock is not less: $OUTPUT"
expect 0 curl -sS -d "product=1&quantity=999&customer=x" "${URL}orders"
expect_text "not that much"
"$MUSTER" down java-shop
assert_nothing_left
say "passed"
