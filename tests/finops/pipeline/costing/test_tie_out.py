"""From the lines to the invoices."""

from decimal import Decimal

from tests.finops.pipeline.costing.conftest import at


def recorded(bill, billed, **over):
    row = {
        "source": "bill.csv",
        "format": "focus-1.2",
        "provider": "AWS",
        "billing_account_id": "000000000042",
        "billing_period_start": at("2026-10-01"),
        "fingerprint": "x",
        "currency": "USD",
        "rows": 1,
        "billed_cost": Decimal(billed),
        "effective_cost": 0,
        "list_cost": 0,
        "loaded_at": at("2026-11-02"),
        "run_id": "r",
    } | over
    bill.con.execute(
        f"INSERT INTO bill_partitions ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def test_each_invoice_is_rounded_as_the_provider_rounds_it_and_the_residual_is_told(bill):
    for invoice in ("1", "2", "3"):
        bill.charge("2026-10", "10.004", InvoiceId=invoice, InvoiceIssuerName="AWS EMEA")
    tie = bill.usd().tie_out
    assert [(one.invoice_id, one.total, one.residual) for one in tie.invoices] == [
        (invoice, Decimal("10.00"), Decimal("0.004")) for invoice in ("1", "2", "3")
    ]
    assert tie.invoices[0].issuer == "AWS EMEA"
    assert (tie.billed, tie.invoiced, tie.residual) == (Decimal("30.01"), Decimal("30.00"), Decimal("0.01"))


def test_invoices_ask_for_billed_costs_whatever_is_sorted_by(bill):
    bill.charge("2026-10", "10", x_Cost=Decimal(3))
    assert bill.usd().tie_out.invoiced == 10


def test_what_has_no_invoice_is_told(bill):
    bill.charge("2026-10", "10")
    bill.charge("2026-10", "2.5", InvoiceId=None)
    tie = bill.usd().tie_out
    assert (tie.invoiced, tie.not_invoiced, tie.not_invoiced_charges, tie.residual) == (
        10,
        Decimal("2.5"),
        1,
        0,
    )


def test_taxes_and_credits_are_on_the_invoice(bill):
    bill.charge("2026-10", "100")
    bill.charge("2026-10", "19", ChargeCategory="Tax")
    bill.charge("2026-10", "-50", ChargeCategory="Credit")
    assert [one.total for one in bill.usd().tie_out.invoices] == [69]


def test_the_month_before_has_its_own_invoices(bill):
    bill.charge("2026-09", "7", InvoiceId="old")
    bill.charge("2026-10", "10")
    assert [one.invoice_id for one in bill.usd().tie_out.invoices] == ["INV-1"]


def test_the_same_number_from_two_issuers_is_two_invoices(bill):
    bill.charge("2026-10", "10")
    bill.charge("2026-10", "5", x_Cloud="gcp", BillingAccountId="g")
    assert [one.total for one in bill.usd().tie_out.invoices] == [10, 5]


def test_lines_equal_what_was_recorded_when_the_bill_was_read(bill):
    bill.charge("2026-10", "10.123456789")
    recorded(bill, "10.123456789")
    tie = bill.usd().tie_out
    assert (tie.loaded, tie.loaded_residual) == (Decimal("10.12"), 0)
    assert bill.ask().notes == ["Not compared: no bill of 2026-09 is loaded."]


def test_charges_that_were_tampered_with_are_told(bill):
    bill.charge("2026-10", "10")
    recorded(bill, "12")
    assert bill.usd().tie_out.loaded_residual == -2
    assert any("are -2 USD off what was recorded" in note for note in bill.ask().notes)


def test_a_source_in_two_currencies_recorded_one_sum_which_says_nothing_of_either(bill):
    bill.charge("2026-10", "10")
    bill.charge("2026-10", "10", BillingCurrency="CNY")
    recorded(bill, "20", currency=None)
    assert bill.usd().tie_out.loaded is None


def test_rows_that_could_not_be_read_are_told_with_the_unlisted_ones(bill):
    bill.charge("2026-10", "10")
    for line, reason in ((4, "no amount"), (None, "1,200 more rows are not listed")):
        bill.con.execute("INSERT INTO rejected_rows VALUES ('bill.csv', ?, NULL, ?, 'r')", [line, reason])
    bill.con.execute("INSERT INTO rejected_rows VALUES ('another.csv', 1, NULL, 'x', 'r')")
    found = bill.ask()
    assert found.bills[0].rejected_rows == 1201
    assert any(note.startswith("1,201 rows of these bills could not be read") for note in found.notes)


def test_a_part_of_a_bill_is_not_tied_to_invoices_and_a_cloud_is(bill):
    bill.charge("2026-10", "10")
    bill.charge("2026-10", "5", x_Cloud="gcp", ServiceName="Storage")
    assert bill.usd(services=("Compute",)).tie_out is None
    assert bill.usd(clouds=("aws",)).tie_out.invoiced == 10
