/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-shell.h"
#include "gm-template.h"

static void
test_path_parts (void)
{
  static const struct { const char *path, *no_extension, *base, *folder, *stem; } cases[] = {
    { "a/b.c/d.tar.gz", "a/b.c/d.tar", "d.tar.gz", "a/b.c", "d.tar" },
    { "file", "file", "file", ".", "file" },
    { "file.txt", "file", "file.txt", ".", "file" },
    { "a.b/file", "a.b/file", "file", "a.b", "file" },
    { ".bashrc", ".bashrc", ".bashrc", ".", ".bashrc" },
    { "a/.bashrc", "a/.bashrc", ".bashrc", "a", ".bashrc" },
    { ".a.b", ".a", ".a.b", ".", ".a" },
    { "a.", "a", "a.", ".", "a" },
    { "/abs/x.y", "/abs/x", "x.y", "/abs", "x" },
    { "/x", "/x", "x", "/", "x" },
    { "/", "/", "/", "/", "/" },
    { "//", "/", "/", "/", "/" },
    { "a/b/", "a/b", "b", "a", "b" },
    { "d.x/", "d", "d.x", ".", "d" },
    { "a//b.c", "a//b", "b.c", "a", "b" },
    { "..", "..", "..", ".", ".." },
    { "../x.y", "../x", "x.y", "..", "x" },
    { "", "", "", ".", "" },
    { "\xff/\xfe.x", "\xff/\xfe", "\xfe.x", "\xff", "\xfe" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *expected[] = {
        cases[i].path, cases[i].no_extension, cases[i].base, cases[i].folder, cases[i].stem
      };

      for (guint part = GM_PATH_WHOLE; part <= GM_PATH_STEM; part++)
        {
          g_autoptr(GString) out = g_string_new (NULL);

          gm_path_part_append (out, part, cases[i].path, strlen (cases[i].path));
          g_assert_cmpstr (out->str, ==, expected[part]);
        }
    }
}

static char *
expand (const char    *text,
        const GmItem  *item,
        GError       **error)
{
  g_autoptr(GmTemplate) template = gm_template_new (text);
  g_autoptr(GmValues) values = gm_values_new ();
  g_autoptr(GString) out = g_string_new (NULL);

  gm_values_set (values, item, 41, 3);
  if (!gm_template_expand (template, values, out, error))
    return NULL;

  return g_strdup (out->str);
}

static void
test_expand (void)
{
  static const char object[] = "{\"w\":800,\"file\":\"a/b.c\",\"t_1-x\":true,\"o\":{\"k\":[1]},"
                               "\"q\\\"\":1,\"\xe5\x90\x8d\":\"\xe5\xad\x97\",\"w2\":0.5}";
  static const char array[] = "[\"x/y.z\",2,null,[1,\"]\"],\"\\n\"]";
  static const char plain[] = "\"dir/name.ext\"";
  static const struct { const char *item, *text, *expected; } cases[] = {
    { plain, "{}", "dir/name.ext" },
    { plain, "a{}b{}", "adir/name.extbdir/name.ext" },
    { plain, "{.}|{/}|{//}|{/.}", "dir/name|name.ext|dir|name" },
    { plain, "{#}:{%}", "42:3" },
    { plain, "{{}}", "{}" },
    { plain, "{{{}}}", "{dir/name.ext}" },
    { plain, "{{name}}", "{name}" },
    { plain, "awk '{print $1}'", "awk '{print $1}'" },
    { plain, "{1..3} {a,b} { } {a b} {#x} {.x} {///} {-a}", "{1..3} {a,b} { } {a b} {#x} {.x} {///} {-a}" },
    { plain, "{a {}}", "{a dir/name.ext}" },
    { plain, "} { }x{", "} { }x{" },
    { plain, "}}{{", "}{" },
    { plain, "", "" },
    { "\"q\\\"\\n\\u0001\xc3\xa9\"", "[{}]", "[q\"\n\x01\xc3\xa9]" },
    { "5", "{}", "5" }, { "0.5", "{.}", "0" }, { "null", "{}", "null" }, { "true", "{}", "true" },
    { object, "{w}x{w2}", "800x0.5" },
    { object, "{file} {file.} {file/} {file//} {file/.}", "a/b.c a/b b.c a b" },
    { object, "{t_1-x}", "true" },
    { object, "{o}", "{\"k\":[1]}" },
    { object, "{\xe5\x90\x8d}", "\xe5\xad\x97" },
    { array, "{1} {2} {3} {4} {5}", "x/y.z 2 null [1,\"]\"] \n" },
    { array, "{1.} {1/} {1//} {1/.} {01}", "x/y y.z x y x/y.z" },
    { array, "{}", array },
    { "{}", "{}", "{}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      GmItem item = { GM_ITEM_JSON, cases[i].item, strlen (cases[i].item) };
      g_autofree char *got = expand (cases[i].text, &item, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (got, ==, cases[i].expected);
    }
}

static void
test_expand_errors (void)
{
  static const struct { const char *item, *text, *expected; } cases[] = {
    { "{\"a\":1}", "{b}", "{b}: the item has no such member: {\"a\":1}" },
    { "{\"a\":1}", "{1}", "{1}: the item is not an array: {\"a\":1}" },
    { "[1]", "{2}", "{2}: the item has not so many columns: [1]" },
    { "[1]", "{0}", "{0}: the item has not so many columns: [1]" },
    { "[]", "{99999999999999999999}", "{99999999999999999999}: the item has not so many columns: []" },
    { "[1]", "{a/}", "{a/}: the item is not an object: [1]" },
    { "\"{x\"", "{x}", "{x}: the item is not an object: \"{x\"" },
  };
  GmItem bytes = { GM_ITEM_BYTES, "[\xff]", 3 };
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) local_error = NULL;
      GmItem item = { GM_ITEM_JSON, cases[i].item, strlen (cases[i].item) };

      g_assert_null (expand (cases[i].text, &item, &local_error));
      g_assert_error (local_error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT);
      g_assert_cmpstr (local_error->message, ==, cases[i].expected);
    }
  g_assert_null (expand ("{1}", &bytes, &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT);
}

static void
test_escape (void)
{
  static const char text[] = "/a{b}/{}/{{x}}/{#}";
  g_autofree char *escaped = gm_template_escape (text);
  GmItem item = { GM_ITEM_JSON, "1", 1 };
  g_autofree char *got = expand (escaped, &item, NULL);

  g_assert_cmpstr (got, ==, text);
}

static GmJob *
job_new (const char *task,
         const char *members)
{
  g_autofree char *text = g_strdup_printf ("{\"mpjob\":1,\"task\":%s,\"inputs\":{\"jsonl\":\"x\"}%s}",
                                           task, members);
  g_autoptr(GError) error = NULL;
  GmJob *job = gm_job_new_from_data (text, strlen (text), "t.mpjob", "/base", &error);

  g_assert_no_error (error);

  return job;
}

static void
test_invocation (void)
{
  g_autoptr(GmJob) job = job_new ("{\"command\":[\"prog\",\"{a}\",\"-{#}-{%}\"]}",
                                  ",\"env\":{\"X\":\"v{a}\",\"Y\":\"\"},\"cwd\":\"sub/{a}\","
                                  "\"creates\":\"{a}.out\"");
  g_autoptr(GError) error = NULL;
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, &error);
  const char *argv[] = { "prog", "one", "-1-2", NULL };
  const char *env[] = { "X=vone", "Y=", NULL };
  GmItem item = { GM_ITEM_JSON, "{\"a\":\"one\"}", 11 };
  GmItem absolute = { GM_ITEM_JSON, "{\"a\":\"/x\"}", 10 };
  GmItem lacking = { GM_ITEM_JSON, "{\"b\":1}", 7 };
  GmItem empty = { GM_ITEM_JSON, "{\"a\":\"\"}", 8 };
  GmItem bad = { GM_ITEM_BAD, "in.jsonl:3: oh", 14 };
  GmInvocation got;

  g_assert_true (gm_invoker_expand (invoker, &item, 0, 2, &got, &error));
  g_assert_cmpstrv ((char **) got.argv, (char **) argv);
  g_assert_cmpstrv ((char **) got.env, (char **) env);
  g_assert_cmpstr (got.cwd, ==, "/base/sub/one");
  g_assert_cmpstr (got.creates, ==, "/base/one.out");
  g_assert_null (got.input);
  g_assert_true (gm_invoker_expand (invoker, &absolute, 1, 1, &got, &error));
  g_assert_cmpstr (got.creates, ==, "/x.out");
  g_assert_true (gm_invoker_expand (invoker, &empty, 1, 1, &got, &error));
  g_assert_false (gm_invoker_expand (invoker, &lacking, 1, 1, &got, &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT);
  g_clear_error (&error);
  g_assert_false (gm_invoker_expand (invoker, &bad, 1, 1, &got, &error));
  g_assert_cmpstr (error->message, ==, "in.jsonl:3: oh");
}

static void
check_argv (const char *task,
            const char *item_text,
            const char *last,
            const char *input)
{
  g_autoptr(GmJob) job = job_new (task, "");
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, NULL);
  GmItem item = { GM_ITEM_JSON, item_text, strlen (item_text) };
  GmInvocation got;
  guint n;

  g_assert_true (gm_invoker_expand (invoker, &item, 0, 1, &got, NULL));
  n = g_strv_length ((char **) got.argv);
  g_assert_cmpstr (got.argv[n - 1], ==, last);
  g_assert_cmpstr (got.input, ==, input);
  g_assert_cmpuint (got.input_size, ==, input != NULL ? strlen (input) : 0);
  g_assert_cmpstr (got.cwd, ==, "/base");
}

static void
test_appended_item (void)
{
  check_argv ("{\"command\":[\"cat\",\"-n\"]}", "\"a b\"", "a b", NULL);
  check_argv ("{\"command\":[\"cat\"]}", "{\"a\":1}", "{\"a\":1}", NULL);
  check_argv ("{\"command\":[\"cat\",\"{{}}\"]}", "5", "5", NULL);
  check_argv ("{\"command\":[\"cat\",\"{#}\"]}", "5", "1", NULL);
  check_argv ("{\"command\":[\"cat\",\"x\"],\"stdin\":true}", "\"a\\nb\"", "x", "a\nb\n");
  check_argv ("{\"command\":[\"cat\",\"{}\"],\"stdin\":true}", "[1]", "[1]", "[1]\n");
  check_argv ("{\"shell\":\"true\"}", "5", "true", NULL);
}

/* Functions and workers have no templates but "creates". */
static void
test_no_templates (void)
{
  g_autoptr(GmJob) job = job_new ("{\"function\":\"builtin:echo\"}",
                                  ",\"cwd\":\"{x}\",\"env\":{\"A\":\"{y}{{\"},\"creates\":\"{}.o\"");
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, NULL);
  GmItem item = { GM_ITEM_JSON, "7", 1 };
  const char *env[] = { "A={y}{{", NULL };
  GmInvocation got;

  g_assert_true (gm_invoker_expand (invoker, &item, 0, 1, &got, NULL));
  g_assert_null (got.argv);
  g_assert_cmpstr (got.cwd, ==, "/base/{x}");
  g_assert_cmpstrv ((char **) got.env, (char **) env);
  g_assert_cmpstr (got.creates, ==, "/base/7.o");
}

#define V "${GTK_MP_V1}"

/* What begins with "!" is refused with a message that holds the rest. */
static const struct { const char *text, *expected; } shell_texts[] = {
  { "echo {}", "echo \"" V "\"" },
  { "echo {}{} {.}", "echo \"" V "\"\"" V "\" \"${GTK_MP_V2}\"" },
  { "echo \"a {} b\"", "echo \"a " V " b\"" },
  { "echo 'a'{}'b'", "echo 'a'\"" V "\"'b'" },
  { "echo '{}'", "!inside single quotes" },
  { "awk '{print $1}' {}", "awk '{print $1}' \"" V "\"" },
  { "awk '{{print}}' {}", "awk '{print}' \"" V "\"" },
  { "echo ${HOME} {}", "echo ${HOME} \"" V "\"" },
  { "echo ${HOME:-x} ${a#b} ${#a} ${a:-${b}} {}", "echo ${HOME:-x} ${a#b} ${#a} ${a:-${b}} \"" V "\"" },
  { "echo $HOME $1 $# $$ \"$@\" {}", "echo $HOME $1 $# $$ \"$@\" \"" V "\"" },
  { "echo {{}} {1..3}", "echo {} {1..3}" },
  { "f() { echo {}; }; f", "f() { echo \"" V "\"; }; f" },
  { "echo $(cat {})", "echo $(cat \"" V "\")" },
  { "echo \"$(cat \"{}\" {})\" {}", "echo \"$(cat \"" V "\" \"" V "\")\" \"" V "\"" },
  { "echo `cat {}`", "!inside backquotes; write $(...)" },
  { "echo `date` {}", "echo `date` \"" V "\"" },
  { "echo `a \\` {} b`", "!inside backquotes" },
  { "echo \"`date '+%s'`\" {}", "echo \"`date '+%s'`\" \"" V "\"" },
  { "echo $((1 + 2)) $(( (1+2)*3 )) {}", "echo $((1 + 2)) $(( (1+2)*3 )) \"" V "\"" },
  { "echo $(({} + 1))", "!would evaluate the value as an expression" },
  { "echo $(($(x) + 1)) {}", "!not certain" },
  { "echo $((a) | b) {}", "!not certain" },
  { "(( {} > 1 ))", "!not certain to stay data after ((" },
  { "echo $[{}]", "!not certain to stay data after $[" },
  { "echo ${x:-{}}", "!inside ${...}" },
  { "echo ${x:-'a'} {}", "!not certain to stay data after quotes or operators inside ${...}" },
  { "echo \"${x:-\"a\"}\" {}", "!not certain" },
  { "echo ${ ls; } {}", "!not certain" },
  { "echo \\{}", "!a backslash stands before it" },
  { "echo \"\\{}\"", "!a backslash stands before it" },
  { "echo \\\\{}", "echo \\\\\"" V "\"" },
  { "echo \\' {} \\'", "echo \\' \"" V "\" \\'" },
  { "echo \\\" {}", "echo \\\" \"" V "\"" },
  { "echo \"\\\"{}\"", "echo \"\\\"" V "\"" },
  { "echo # {} ' it\necho {}", "echo #  ' it\necho \"" V "\"" },
  { "echo a#'{}'", "!inside single quotes" },
  { "echo a\\\n#'{}'", "!inside single quotes" },
  { "echo $(x # it's\n) {}", "!not certain to stay data after quotes or parentheses in a comment" },
  { "echo $(x # fine\n) {}", "echo $(x # fine\n) \"" V "\"" },
  { "echo $'a' {}", "echo $'a' \"" V "\"" },
  { "echo $'it\\'s' {}", "!not certain to stay data after a \\' inside $'...'" },
  { "echo $'{}'", "!inside single quotes" },
  { "echo $\"{}\"", "echo $\"" V "\"" },
  { "echo \"$'{}'\"", "echo \"$'" V "'\"" },
  { "cat <<EOF\n{} \"{}\" '{}'\nEOF\necho {}", "cat <<EOF\n" V " \"" V "\" '" V "'\nEOF\necho \"" V "\"" },
  { "cat <<-EOF\n\t{}\n\tEOF\necho {}", "cat <<-EOF\n\t" V "\n\tEOF\necho \"" V "\"" },
  { "cat <<'EOF'\n{}\nEOF", "!in a here-document whose end is quoted" },
  { "cat <<\\EOF\n${x}'\nEOF\necho {}", "cat <<\\EOF\n${x}'\nEOF\necho \"" V "\"" },
  { "cat <<A <<\"B\"\n{}\nA\n'\"\nB\necho {}", "cat <<A <<\"B\"\n" V "\nA\n'\"\nB\necho \"" V "\"" },
  { "cat <<EOF\n\\{}\nEOF", "!a backslash" },
  { "cat <<EOF\na\\\nEOF\n{}", "!not certain" },
  { "cat <<EOF\n`x`\n{}\nEOF", "!not certain to stay data after backquotes in a here-document" },
  { "cat <<EOF\n$(cat {})\nEOF", "cat <<EOF\n$(cat \"" V "\")\nEOF" },
  { "cat <<EOF\n$(\nEOF\n) {}", "!not certain" },
  { "cat <<E\"O\"F\nx\nEOF\necho {}", "!not certain" },
  { "cat <<$x\nx\n$x\necho {}", "!not certain" },
  { "cat <<{}", "!not certain" },
  { "cat <<EOF; echo 'a\nb' {}\nEOF", "!not certain" },
  { "cat <<EOF | (cat; echo {})\nx\nEOF", "cat <<EOF | (cat; echo \"" V "\")\nx\nEOF" },
  { "x=$(cat <<EOF\n{}'\nEOF\n); echo {}", "x=$(cat <<EOF\n" V "'\nEOF\n); echo \"" V "\"" },
  { "x=$(cat <<EOF) {}", "!not certain" },
  { "cat <<<{}", "cat <<<\"" V "\"" },
  { "cat <\\\n<EOF\n'\nEOF\n{}", "!not certain to stay data after an operator that goes on" },
  { "case {} in {.}) echo {};; *) x;; esac", "case \"" V "\" in \"${GTK_MP_V2}\") echo \"" V "\";; *) x;; esac" },
  { "echo $(case a in a) echo {};; esac)", "!not certain to stay data after a case inside $(...)" },
  { "for i in {} 'x y'; do echo \"$i\"; done", "for i in \"" V "\" 'x y'; do echo \"$i\"; done" },
  { "v={}; echo \"$v\"", "v=\"" V "\"; echo \"$v\"" },
  { "A={} cmd > {} 2>&1 < {.} &", "A=\"" V "\" cmd > \"" V "\" 2>&1 < \"${GTK_MP_V2}\" &" },
  { "eval {}", "!runs its words as shell text" },
  { "eval \"echo {}\"", "!runs its words as shell text" },
  { "x && command eval {}", "!runs its words as shell text" },
  { "2>/dev/null eval {}", "!runs its words as shell text" },
  { "X=1 eval {}", "!runs its words as shell text" },
  { "if eval {}; then :; fi", "!runs its words as shell text" },
  { "echo eval {}", "echo eval \"" V "\"" },
  { "trap {} EXIT", "!runs its words as shell text" },
  { "alias x={}", "!not certain to stay data after alias" },
  { "sh -c {}", "!a shell would run the value as shell text" },
  { "timeout 5 bash -ec \"x {}\"", "!a shell would run the value as shell text" },
  { "sh -c -- {}", "!a shell would run the value as shell text" },
  { "sh -c -e +x -o noglob \"{}\"", "!a shell would run the value as shell text" },
  { "bash -c -O extglob -- {}", "!a shell would run the value as shell text" },
  { "su -c{}", "!a shell would run the value as shell text" },
  { "script -q --command=\"{}\" f", "!a shell would run the value as shell text" },
  { "flock lock --command {}", "!a shell would run the value as shell text" },
  { "sh -c -e 'x' sh {}", "sh -c -e 'x' sh \"${GTK_MP_V1}\"" },
  { "bash --norc s {}", "bash --norc s \"${GTK_MP_V1}\"" },
  { "set -- 1; for x do eval {}; done", "!runs its words as shell text" },
  { "function f { eval {}; }; f", "!runs its words as shell text" },
  { "coproc x { eval {}; }", "!runs its words as shell text" },
  { "coproc x while eval {}; do :; done", "!runs its words as shell text" },
  { "for x in {} do y; do z {}; done",
    "for x in \"${GTK_MP_V1}\" do y; do z \"${GTK_MP_V1}\"; done" },
  { "/usr/bin/env sh -c \"x {}\"", "!a shell would run the value as shell text" },
  { "sh -c 'echo \"$1\"' sh {}", "sh -c 'echo \"$1\"' sh \"" V "\"" },
  { "sh {} -c", "sh \"" V "\" -c" },
  { "[ {} = x ] && [ -n \"{}\" ]", "[ \"" V "\" = x ] && [ -n \"" V "\" ]" },
  { "[ -v {} ]", "!-v would take the value as the name" },
  { "test -v {}", "!-v would take the value as the name" },
  { "[[ {} -eq 1 ]]", "!not certain to stay data after [[" },
  { "printf '%s\\n' {}", "printf '%s\\n' \"" V "\"" },
  { "printf {}", "printf \"" V "\"" },
  { "printf \"{}\\n\"", "printf \"" V "\\n\"" },
  { "printf {} x", "!printf would take the value as its format" },
  { "printf -v {} x", "!-v would take the value as the name" },
  { "printf -v{} x", "!-v would take the value as the name" },
  { "export X={} Y=\"{}\"", "export X=\"" V "\" Y=\"" V "\"" },
  { "export {}", "!the name of a variable" },
  { "local x={}", "local x=\"" V "\"" },
  { "$(echo {})", "!the shell would run the output" },
  { "x=1 $(echo \"{}\") a", "!the shell would run the output" },
  { "x=$(echo {}) y", "x=$(echo \"" V "\") y" },
  { "> $(echo {}) y", "> $(echo \"" V "\") y" },
  { "unset {}", "!the name of a variable" },
  { "read {}", "!the name of a variable" },
  { "let {}", "!the name of a variable" },
  { "declare x={}", "!the name of a variable" },
  { "x[{}]=1", "!array subscript" },
  { "a=([{}]=1)", "!array subscript" },
  { "echo \"[{}]\"", "echo \"[" V "]\"" },
  { "echo @(a|b) {}", "!not certain to stay data after a pattern with parentheses" },
  { "echo 'no value' $(( x", "echo 'no value' $(( x" },
};

static void
test_shell_text (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shell_texts); i++)
    {
      g_autofree char *message = NULL;
      g_autoptr(GmShell) shell = gm_shell_new (shell_texts[i].text, &message);

      if (*shell_texts[i].expected != '!')
        {
          if (shell == NULL)
            g_error ("%s: %s", shell_texts[i].text, message);
          g_assert_cmpstr (shell->text, ==, shell_texts[i].expected);
        }
      else if (shell != NULL || strstr (message, shell_texts[i].expected + 1) == NULL)
        g_error ("%s: %s", shell_texts[i].text, shell != NULL ? shell->text : message);
    }
}

/* Here real shells say whether a value stays data. */

static const char *nasty[] = {
  "plain", "two  words", "; touch pwned #", "$(touch pwned)", "`touch pwned`", "'; touch pwned; '",
  "\"; touch pwned; \"", "\"$(touch pwned)\"", "'$(touch pwned)'", "a\nb\n\n", "\ntouch pwned\n",
  "-n", "-e", "--help", "*", "?", "[a-z]*", "~", "~root", "$HOME", "${HOME}", "$((1+1))", "\\", "\\\\n",
  "\\n\\c\\0101", "a\\", "#no comment", "a|b", "a>pwned", ">pwned", "& touch pwned", "&& touch pwned",
  "|| touch pwned", "(touch pwned)", "{ touch pwned; }", ") touch pwned (", "}", "${GTK_MP_V1}",
  "EOF", "EOF\ntouch pwned\n", "a[$(touch pwned)]", "x[$(touch pwned)]=1", "!", "!!", "%s%n%d", "=", "",
  " ", "\t\t", "caf\xc3\xa9", "\x01\x02\x7f", "\x81\x82\x83\x84\x85\x86\x87\x88", "\xff\xfe", "\r\n",
  "if", "case x in x) touch pwned;; esac", "IFS=:", "'", "\"", "'\"'\"'", "`", "$", "$'", "$\"",
};

static char *
item_to_json (const char *value)
{
  g_autoptr(GString) text = g_string_new (NULL);

  gm_json_append_string (text, value, -1);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
run_shell (const char *program,
           const char *text,
           const char *value,
           const char *folder,
           int        *wait_status)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) env = g_environ_setenv (g_get_environ (), "GTK_MP_V1", value, TRUE);
  char *argv[] = { (char *) "sh", (char *) "-c", (char *) text, NULL };
  char *with_program[] = { (char *) program, argv[0], argv[1], argv[2], NULL };
  char *output = NULL;
  char *messages = NULL;

  g_spawn_sync (folder, with_program, env, G_SPAWN_FILE_AND_ARGV_ZERO, NULL, NULL,
                &output, &messages, wait_status, &error);
  g_assert_no_error (error);
  g_free (messages);

  return output;
}

typedef struct
{
  char       *folder;
  const char *shells[4];
  guint       n_shells;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  static const char * const candidates[] = { "/bin/sh", "/bin/bash", "/bin/busybox" };
  guint n = 0;

  fixture->folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (g_file_test (candidates[i], G_FILE_TEST_IS_EXECUTABLE))
      fixture->shells[n++] = candidates[i];
  fixture->n_shells = n;
}

/* Nothing but what a test meant to write may be there: the folder must go empty. */
static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
}

static void
check_one_value (Fixture    *fixture,
                 const char *program,
                 GmShell    *shell,
                 const char *value)
{
  g_autofree char *expected = g_strconcat ("<", value, ">", NULL);
  int status;
  g_autofree char *got = run_shell (program, shell->text, value, fixture->folder, &status);

  if (strcmp (got, expected) != 0)
    g_error ("%s: %s with \"%s\" gives \"%s\"", program, shell->text, value, got);
}

/* One process of the shell takes every other value in turn: to start one for each takes a minute. */
static void
check_every_other_value (Fixture    *fixture,
                         const char *program,
                         GmShell    *shell,
                         gsize       first)
{
  static const char separator[] = "\036next\n";
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *text = NULL;
  g_autofree char *output = NULL;
  g_autofree char *messages = NULL;
  g_auto(GStrv) parts = NULL;
  g_autoptr(GError) error = NULL;

  text = g_strdup_printf ("for GTK_MP_V1 do\nexport GTK_MP_V1\n(\n%s\n)\n"
                          "printf '\\036next\\n'\ndone\n", shell->text);
  g_ptr_array_add (argv, (char *) program);
  g_ptr_array_add (argv, (char *) "sh");
  g_ptr_array_add (argv, (char *) "-c");
  g_ptr_array_add (argv, text);
  g_ptr_array_add (argv, (char *) "sh");
  for (gsize i = first; i < G_N_ELEMENTS (nasty); i += 2)
    g_ptr_array_add (argv, (char *) nasty[i]);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (fixture->folder, (char **) argv->pdata, NULL, G_SPAWN_FILE_AND_ARGV_ZERO, NULL,
                NULL, &output, &messages, NULL, &error);
  g_assert_no_error (error);
  parts = g_strsplit (output, separator, -1);
  g_assert_cmpuint (g_strv_length (parts), ==, (G_N_ELEMENTS (nasty) - first + 1) / 2 + 1);
  for (gsize i = first; i < G_N_ELEMENTS (nasty); i += 2)
    {
      g_autofree char *expected = g_strconcat ("<", nasty[i], ">", NULL);

      if (strcmp (parts[i / 2], expected) != 0)
        g_error ("%s: %s with \"%s\" gives \"%s\"", program, shell->text, nasty[i], parts[i / 2]);
    }
}

/* Every placement prints the value between < and >. */
static void
test_shell_placements (Fixture       *fixture,
                       gconstpointer  data)
{
  static const char *placements[] = {
    "printf '<%s>' {}",
    "printf '<%s>' \"{}\"",
    "printf '%s' '<'{}'>'",
    "printf '%s' \"<\"{}\">\"",
    "v={}; printf '<%s>' \"$v\"",
    "v=\"{}\" && printf '<%s>' \"$v\" # {} and a ' quote",
    "printf '<%s>' \"$(printf '%sx' {})\" | sed '$s/x>$/>/'",
    "printf '<%s>' \"$(printf '%s' \"$(printf '%sx' \"{}\")\")\" | sed '$s/x>$/>/'",
    "cat <<EOF | sed '$s/x$//' | head -c -1\n<{}>x\nEOF",
    "cat <<-EOF | sed '$s/x$//' | head -c -1\n<{}>x\nEOF",
    "f() { printf '<%s>' \"$1\"; }; f {}",
    "for i in {}; do printf '<%s>' \"$i\"; done",
    "case {} in {}) printf '<%s>' {};; *) echo no;; esac",
    "sh -c 'printf \"<%s>\" \"$1\"' sh {}",
    "X={} env sh -c 'printf \"<%s>\" \"$X\"'",
    "echo ${HOME:+} $((1 + 1)) `true` >/dev/null; printf '<%s>' {}",
    "if [ {} = \"{}\" ]; then printf '<%s>' {}; fi",
    "export E={}; printf '<%s>' \"$E\"",
    "( printf '<%s>' {} )",
    "{ printf '<%s>' {}; } 2>/dev/null",
    "set -- {} {}; [ $# = 2 ] && printf '<%s>' \"$2\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (placements); i++)
    {
      g_autofree char *message = NULL;
      g_autoptr(GmShell) shell = gm_shell_new (placements[i], &message);

      if (shell == NULL)
        g_error ("%s: %s", placements[i], message);
      for (gsize j = 0; j < G_N_ELEMENTS (fixture->shells) && fixture->shells[j] != NULL; j++)
        {
          check_one_value (fixture, fixture->shells[j], shell,
                           nasty[(3 * i + j) % G_N_ELEMENTS (nasty)]);
          /* Every shell meets every value, though not at every place. */
          if (i % fixture->n_shells == j)
            check_every_other_value (fixture, fixture->shells[j], shell,
                                     i / fixture->n_shells % 2);
        }
    }
}

/* The whole way: JSON item, job, invocation, /bin/sh. */
static void
test_shell_invocation (Fixture       *fixture,
                       gconstpointer  data)
{
  g_autoptr(GmJob) job = job_new ("{\"shell\":\"printf '<%s|%s>' {} \\\"{/}\\\"\"}", "");
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (nasty); i++)
    {
      g_autofree char *json = item_to_json (nasty[i]);
      gboolean utf8 = g_utf8_validate (nasty[i], -1, NULL);
      GmItem item = { utf8 ? GM_ITEM_JSON : GM_ITEM_BYTES, utf8 ? json : nasty[i],
                      strlen (utf8 ? json : nasty[i]) };
      g_autofree char *expected = NULL;
      g_autofree char *output = NULL;
      g_autoptr(GError) error = NULL;
      GmInvocation got;

      if (strchr (nasty[i], '/') != NULL)
        continue;
      g_assert_true (gm_invoker_expand (invoker, &item, 0, 1, &got, &error));
      g_assert_no_error (error);
      g_spawn_sync (fixture->folder, (char **) got.argv, (char **) got.env, G_SPAWN_DEFAULT, NULL,
                    NULL, &output, NULL, NULL, &error);
      g_assert_no_error (error);
      expected = g_strconcat ("<", nasty[i], "|", nasty[i], ">", NULL);
      g_assert_cmpstr (output, ==, expected);
    }
}

static void
squeeze (char *text)
{
  char *to = text;

  for (const char *from = text; *from != '\0'; from++)
    if (*from != ' ' || from[1] != ' ')
      *to++ = *from;
  *to = '\0';
}

/* Random texts: where a value is accepted and printed, it is printed whole. */
static void
test_shell_random (Fixture       *fixture,
                   gconstpointer  data)
{
  static const char *tokens[] = {
    "{}", "{}", "{}", " {} ", "'", "'", "\"", "\"", "`", "\\", "$(", "echo ", ")", "(", "((", "))", "$((", "${x:-",
    "${x", "}", "{", "#", " #", "\n", "\n", ";", " ", " ", "echo ", "echo ", "cat <<E\n", "cat <<'E'\n", "cat <<-E\n",
    "\nE\n", "E", "case a in a)", ";; esac", "|cat ", "&& ", "x=", "$x", "\"$x\"", "$'", "[", "]", "f() { ", "; }",
    "if :; then ", "; fi", "$", "<", "1", "+", "!", "for i in ", "; do echo $i; done", "\\\n", "\t", "&",
  };
  static const char value[] = "Q  *  R'\"`\\ $(echo S)";
  guint n_runs = g_test_thorough () ? 40000 : 150;
  g_autoptr(GRand) rand = g_rand_new_with_seed (1977);
  guint printed = 0;

  for (guint i = 0; i < n_runs;)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autofree char *message = NULL;
      g_autoptr(GmShell) shell = NULL;

      for (int n = g_rand_int_range (rand, 2, 14); n > 0; n--)
        g_string_append (text, tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))]);
      shell = gm_shell_new (text->str, &message);
      if (shell == NULL || shell->fields->len == 0)
        continue;
      i++;
      for (guint j = 0; j < G_N_ELEMENTS (fixture->shells) && fixture->shells[j] != NULL; j++)
        {
          int status;
          g_autofree char *got = run_shell (fixture->shells[j], shell->text, value, fixture->folder,
                                            &status);
          const char *p = got;
          g_autofree char *whole = g_strdup (value);

          /* An assignment may be echoed unquoted by the text itself: that is its own doing. */
          if (strstr (text->str, "$x") != NULL || strstr (text->str, "$i") != NULL
              || strstr (text->str, "${x") != NULL)
            continue;
          if (strstr (got, "GTK_MP_V") != NULL)
            g_error ("%s: %s prints \"%s\"", fixture->shells[j], shell->text, got);
          /* The words of a $(...) without quotes are the text's own doing too. */
          if (strstr (text->str, "$(") != NULL)
            {
              squeeze (got);
              squeeze (whole);
            }
          while ((p = strchr (p, 'Q')) != NULL)
            {
              printed++;
              /* dash's echo takes a backslash and a space as they are. */
              if (!g_str_has_prefix (p, whole))
                g_error ("%s: %s prints \"%s\"", fixture->shells[j], shell->text, got);
              p++;
            }
        }
    }
  g_assert_cmpuint (printed, >, n_runs / 40);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/template/path-parts", test_path_parts);
  g_test_add_func ("/template/expand", test_expand);
  g_test_add_func ("/template/expand-errors", test_expand_errors);
  g_test_add_func ("/template/escape", test_escape);
  g_test_add_func ("/template/invocation", test_invocation);
  g_test_add_func ("/template/appended-item", test_appended_item);
  g_test_add_func ("/template/no-templates", test_no_templates);
  g_test_add_func ("/template/shell-text", test_shell_text);
  g_test_add ("/template/shell-placements", Fixture, NULL, set_up, test_shell_placements, tear_down);
  g_test_add ("/template/shell-invocation", Fixture, NULL, set_up, test_shell_invocation, tear_down);
  g_test_add ("/template/shell-random", Fixture, NULL, set_up, test_shell_random, tear_down);

  return g_test_run ();
}
